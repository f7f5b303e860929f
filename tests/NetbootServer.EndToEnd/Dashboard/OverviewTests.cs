using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>What the overview tells of the server as a whole.</summary>
[Collection(DashboardCollection.Name)]
public sealed class OverviewTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Throughput_is_drawn_in_both_spans_and_says_what_was_sent()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await (await fleet.Machine("3c:ec:ef:41:03:01").AskAsync(Ct)).LoadAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await Expect(visit.Page.GetByText("MiB/s peak")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("MiB.s peak") }))
                .ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".plot canvas")).ToBeVisibleAsync(); // it comes after the page
            var drawn = await CanvasAsync(visit);
            await visit.Button("24 h").ClickAsync();
            await Expect(visit.Button("24 h")).ToHaveAttributeAsync("aria-pressed", "true");
            await Until.TrueAsync(async () => await CanvasAsync(visit) is { Length: > 0 } now && now != drawn,
                "the day's drawing", TimeSpan.FromSeconds(30));
            await visit.Page.SetViewportSizeAsync(700, 900);
            await Expect(visit.Page.Locator(".plot canvas")).ToBeVisibleAsync();
            await Until.TrueAsync(async () =>
                await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") <= 0,
                "the graph to fit the narrower window");
            await visit.GoAsync("machines");
            await Expect(visit.Heading("Machines")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task An_alarm_appears_by_itself_and_is_acknowledged()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.Api.PutAsync("/machines/other", new
        {
            macs = new[] { "02:00:00:00:00:77" }, uuid = "4c4c4544-0042-3510-8051-b4c04f4d3732",
        }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await Expect(visit.Page.GetByText("No alarm is open")).ToBeVisibleAsync();
            await fleet.Server.Machines.GetStringAsync(
                "/boot/script?mac=3c:ec:ef:41:03:01&uuid=4c4c4544-0042-3510-8051-b4c04f4d3732", Ct);
            await Expect(visit.Page.GetByText("Which machine is it?")).ToBeVisibleAsync();
            await visit.ShootAsync("alarm");
            await visit.AssertAccessibleAsync("alarm");
            await visit.Button("Acknowledge").ClickAsync();
            await Expect(visit.Page.GetByText("No alarm is open")).ToBeVisibleAsync();
        });
        Assert.Equal(0, (await fleet.Api.GetAsync("/alarms", Ct)).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Live_updates_move_nothing_on_the_page()
    {
        await using var morning = await Morning.BreakAsync(Ct);
        await browser.VisitAsync(morning.Fleet.Server, async visit =>
        {
            await Expect(visit.Page.GetByText("stalled at initrd").First).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".plot canvas")).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".ghost, .ghosts")).ToHaveCountAsync(0); // all of it is there
            await visit.Page.EvaluateAsync(LayoutShifts.Watch);
            var row = visit.Page.Locator(".boots li", new() { HasText = Morning.Moving }).Locator(".what .sub");
            for (var i = 0; i < 6; i++) // a few live updates
                await Expect(row).Not.ToHaveTextAsync(await row.InnerTextAsync());
            Assert.Empty(await visit.Page.EvaluateAsync<string[]>(LayoutShifts.Unexplained));
        });
    }

    private static Task<string> CanvasAsync(Visit visit) =>
        visit.Page.EvaluateAsync<string>("document.querySelector('.plot canvas')?.toDataURL() ?? ''");

    [Fact]
    public async Task Of_a_boot_under_way_only_what_was_heard_is_said_and_nothing_is_promised()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.Machine("3c:ec:ef:41:03:01").AskAsync(Ct);
        var cut = await fleet.Machine("3c:ec:ef:41:03:02").AskAsync(Ct);
        (await cut.HangAsync(1 << 20, Ct)).Dispose();
        await (await fleet.Machine("3c:ec:ef:41:03:03").AskAsync(Ct)).FailAsync("kernel", "0f0a6095", Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            ILocator Row(string name) => visit.Page.Locator(".boots li").Filter(new() { HasText = name });
            await Expect(Row("rack3-node01")).ToContainTextAsync(new Regex(@"sent \d+ s ago"));
            await Expect(Row("rack3-node02")).ToContainTextAsync("broke off");
            await Expect(visit.Page.GetByText("rack3-node03 failed at kernel")).ToBeVisibleAsync();
            await visit.ShootAsync("only-what-was-heard");
            await Expect(Promises(visit)).ToHaveCountAsync(0);
            foreach (var node in new[] { "rack3-node01", "rack3-node02", "rack3-node03" })
            {
                await visit.GoAsync($"machines/{node}");
                await Expect(visit.Heading(node)).ToBeVisibleAsync();
                await Expect(visit.Page.Locator("#h-now")).ToBeVisibleAsync();
                await Expect(Promises(visit)).ToHaveCountAsync(0);
            }
        });

        static ILocator Promises(Visit visit) => visit.Page.Locator("main").GetByText(
            new Regex("tries again|goes on|begins again|Linux runs"));
    }

    [Fact]
    public async Task How_a_boot_goes_on_is_seen_for_a_moment_also_among_those_of_one_outcome()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        var machine = await fleet.Machine("3c:ec:ef:41:03:01").AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var row = visit.Page.Locator(".boots li").Filter(new() { HasText = "rack3-node01" });
            await visit.GoAsync("boots?outcome=running");
            await Expect(row).ToContainTextAsync("script");
            await (await machine.LoadAsync(Ct)).ReadyAsync(Ct);
            await Expect(row).ToContainTextAsync("reported");
            await Expect(row).ToHaveCountAsync(0);
            await visit.GoAsync("boots?outcome=stalled");
            await Expect(visit.Page.GetByText("A boot whose bytes stand still appears here by itself."))
                .ToBeVisibleAsync();
        });
    }
}
