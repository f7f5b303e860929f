using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>What the page of one machine tells: its boot, how it stood still, what became another in it.</summary>
[Collection(DashboardCollection.Name)]
public sealed class MachinePageTests(Browser browser)
{
    private const string Mac = "3c:ec:ef:41:03:01";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_boot_that_stands_still_says_since_when_and_what_it_was_afterwards()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct, ("Boots:StalledAfter", "00:00:02"),
            ("Http:StallTimeout", "01:00:00")); // it stands still for as long as somebody looks
        await fleet.UploadAsync("fleet", 1, 64, Ct);
        await fleet.ProfileAsync("workers", new { image = "fleet", selector = new { role = "worker" } }, Ct);
        await fleet.MachineAsync("node", Mac, new { role = "worker" }, Ct);
        var machine = await fleet.Machine(Mac).AskAsync(Ct);
        var transfer = await machine.HangAsync(1 << 20, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/node");
            await Expect(visit.Page.Locator(".readouts", new() { HasText = "no bytes" })).ToBeVisibleAsync();
            await visit.Page.ReloadAsync(); // whoever comes later sees since when, too
            await Expect(visit.Page.Locator(".chart .stall").First).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".chart .t-stall").Last).ToContainTextAsync(new Regex(@"no bytes for \d"));
            await visit.ShootAsync("still");
            await visit.AssertAccessibleAsync("still");
            transfer.Dispose();
            await (await machine.LoadAsync(Ct)).ReadyAsync(Ct);
            await Expect(visit.Page.GetByText(new Regex(@"\d stalls?, over"))).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".track.big")).ToContainTextAsync("of them stalled");
            await visit.Page.Locator("h2 a").First.ClickAsync();
            await Expect(visit.Page.Locator("table", new() { HasTextRegex = new Regex(@"no bytes for \d") }))
                .ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Who_approves_a_machine_under_a_new_name_from_its_page_comes_to_the_page_of_that_name()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("404"); // the page, or the other tab, may hear that the old name is gone before it goes on
            var other = await visit.OpenTabAsync("machines/3c-ec-ef-41-0a-9e");
            await Expect(other.Heading("3c-ec-ef-41-0a-9e")).ToBeVisibleAsync();
            await visit.GoAsync("machines/3c-ec-ef-41-0a-9e");
            await visit.Button("Approve…").ClickAsync();
            await visit.Dialog.GetByLabel("Name").FillAsync("rack9-node01");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
            await Expect(visit.Heading("rack9-node01")).ToBeVisibleAsync();
            await Expect(visit.Heading("Plan")).ToBeVisibleAsync();
            await Expect(other.Heading("rack9-node01")).ToBeVisibleAsync(); // wherever it was approved
        });
    }

    [Fact]
    public async Task After_a_dialog_the_focus_is_where_it_was_or_near_what_is_gone()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("404");
            await visit.GoAsync("machines/gpu-a100-01");
            await visit.Button("Edit").ClickAsync();
            await Expect(visit.Dialog).ToBeVisibleAsync();
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(visit.Button("Edit")).ToBeFocusedAsync();
            await visit.Button("More actions").ClickAsync();
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Next boot…" }).ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
            await Expect(visit.Button("More actions")).ToBeFocusedAsync();
            await visit.Page.Keyboard.PressAsync("Control+k");
            await Expect(visit.Dialog).ToBeVisibleAsync();
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(visit.Button("More actions")).ToBeFocusedAsync();
            await visit.Button("More actions").ClickAsync();
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete…" }).ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete machine" }).ClickAsync();
            await Expect(visit.Heading("Machines")).ToBeVisibleAsync();
            await Expect(visit.Page.Locator("#main")).ToBeFocusedAsync();

            // A row that goes with what its menu did.
            var row = visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("gpu-a100-02") });
            await row.GetByRole(AriaRole.Button).ClickAsync();
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete…" }).ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete machine" }).ClickAsync();
            await Expect(row).ToHaveCountAsync(0);
            await Expect(visit.Page.Locator(".machines :focus")).ToHaveCountAsync(1);
        });
    }

    [Fact]
    public async Task Of_stalls_too_near_for_two_texts_the_longer_one_is_written()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var written = await visit.Page.EvaluateAsync<double[]>("""
                async stalls => {
                  const { written } = await import(new URL('parts/rate-chart.js', document.baseURI));
                  return [...written(stalls.map(([from, length]) => ({ from, length })), 100)].map(stall => stall.from);
                }
                """, new double[][] { [1, 4], [18, 9], [40, 5], [50, 6], [90, 2] });
            Assert.Equal([18, 50, 90], written.Order());
        });
    }

    [Fact]
    public async Task Whoever_comes_later_sees_the_rate_from_the_beginning_also_of_a_boot_that_is_over()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        var machine = await fleet.Machine(Mac).AskAsync(Ct);
        var loading = await machine.CrawlAsync(8 << 20, Ct);
        await Until.TrueAsync(async () =>
            await fleet.Api.ListAsync("/machines/rack3-node01/boots", Ct) is [var boot, ..]
            && (await fleet.Api.ListAsync($"/boots/{boot.GetProperty("id").GetString()}/rates", Ct)).Count >= 4,
            "a few samples", TimeSpan.FromMinutes(2));
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var line = visit.Page.Locator(".chart .line");
            await visit.GoAsync("machines/rack3-node01");
            await FromTheBeginningAsync();
            await loading;
            await machine.ReadyAsync(Ct);
            await Expect(visit.Page.GetByText("since ready, not up yet")).ToBeVisibleAsync();
            await FromTheBeginningAsync();
            await visit.Page.ReloadAsync();
            await FromTheBeginningAsync();

            // The chart is 1000 wide and at least 30 s long: the server's first sample stands there, or further left.
            Task FromTheBeginningAsync() => Until.TrueAsync(
                async () => FirstPlace(await line.GetAttributeAsync("points"))
                    <= (await FirstSecondAsync(fleet) / 30 * 1000) + .1,
                "the line to begin at the server's first sample");
        });
    }

    /// <summary>Where a line begins; "12.5,80.0 …".</summary>
    private static double FirstPlace(string? points) =>
        double.Parse(points!.Split(',')[0], CultureInfo.InvariantCulture);

    /// <summary>How many seconds after the boot's script the server's first sample of its rate was taken.</summary>
    private static async Task<double> FirstSecondAsync(Fleet fleet)
    {
        var boot = (await fleet.Api.ListAsync("/machines/rack3-node01/boots", Ct))[0];
        var rates = await fleet.Api.ListAsync($"/boots/{boot.GetProperty("id").GetString()}/rates", Ct);
        return (rates[0].GetProperty("at").GetDateTimeOffset() - boot.GetProperty("startedAt").GetDateTimeOffset())
            .TotalSeconds;
    }

    [Fact]
    public async Task Times_are_right_also_where_the_clock_is_an_hour_fast()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.Machine(Mac).AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.Page.AddInitScriptAsync("const time = Date.now; Date.now = () => time() + 3_600_000;");
            await visit.Page.ReloadAsync();
            await visit.GoAsync("machines/rack3-node01");
            // Seconds, or a few minutes on a slow machine; an hour of the clock's would be hours, or none at all.
            await Expect(visit.Page.Locator(".readouts li", new() { HasText = "since script" }))
                .ToHaveTextAsync(new Regex(@"^\s*(\d min )?\d*[1-9]\d* s\s*since script$"));
        });
    }

    [Fact]
    public async Task What_becomes_another_in_a_machine_is_shown_with_its_time()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        foreach (var serial in new[] { "S-OLD-BOARD", "S-NEW-BOARD" })
            await fleet.Server.Machines.GetStringAsync(
                $"/boot/script?mac={Mac}&platform=efi&arch=x86_64&product=SYS-6019P&serial={serial}", Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/rack3-node01");
            var identity = visit.Page.Locator("dd", new() { HasText = "S-OLD-BOARD → S-NEW-BOARD" });
            await Expect(identity).ToContainTextAsync("serial");
            await Expect(identity.Locator("time")).ToHaveAttributeAsync("title", new Regex("UTC$"));
        });
    }

    [Fact]
    public async Task Notes_are_written_and_more_than_fifty_boots_are_reached()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        for (var i = 0; i < 53; i++) await fleet.Machine(Mac).AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/rack3-node01");
            var history = visit.Page.GetByRole(AriaRole.Region, new() { Name = "History" }).Locator("tbody tr");
            await Expect(history).ToHaveCountAsync(50);
            visit.Expect("500");
            await visit.Page.RouteAsync("**/boots?*after=*", route => route.FulfillAsync(new()
            {
                Status = 500, ContentType = "application/problem+json",
                Body = """{"title": "Older boots cannot be read", "status": 500}""",
            }), new() { Times = 1 });
            await visit.Button("Older boots").ClickAsync();
            await Expect(visit.Toast("Older boots cannot be read")).ToBeVisibleAsync();
            await visit.Button("Older boots").ClickAsync();
            await Expect(history).ToHaveCountAsync(53);
            await Expect(visit.Button("Older boots")).ToBeHiddenAsync();
            await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }).Last.ClickAsync();
            await visit.Dialog.GetByLabel("Notes").FillAsync("PSU 2 replaced\nملاحظة");
            await visit.Page.Keyboard.PressAsync("Control+s");
            await Expect(visit.Dialog).ToBeHiddenAsync();
            await Expect(visit.Page.Locator(".prose")).ToContainTextAsync("PSU 2 replaced");
        });
    }

    [Fact]
    public async Task Found_machines_are_approved_together_with_a_profile_and_labels()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        foreach (var last in new[] { "9e", "a2", "a3" }) await fleet.Machine($"3c:ec:ef:41:0a:{last}").AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines?state=discovered");
            await visit.Page.GetByLabel("Select all that match").CheckAsync();
            await visit.Button("Approve 3…").ClickAsync();
            await visit.Dialog.GetByLabel("Profile").SelectOptionAsync("rescue");
            await visit.Dialog.GetByLabel("Labels").FillAsync("rack=9");
            await visit.AssertAccessibleAsync("approve-all");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Approve 3" }).ClickAsync();
            await Expect(visit.Toast("Approved 3 machines")).ToBeVisibleAsync();
            await visit.GoAsync("machines?label=rack%3D9");
            await Expect(visit.Page.Locator(".machines tbody tr:has(input)")).ToHaveCountAsync(3);
        });
        var machine = await fleet.Api.GetAsync("/machines/3c-ec-ef-41-0a-a2", Ct);
        Assert.Equal("rescue", machine.GetProperty("profile").GetString());
        Assert.Equal("registered", machine.GetProperty("state").GetString());
    }
}
