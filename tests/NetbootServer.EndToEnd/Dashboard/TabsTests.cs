using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NetbootServer.EndToEnd.Images;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// Many tabs of one browser, which opens six connections to a host and no more: they share one stream of events and
/// one session.
/// </summary>
[Collection(DashboardCollection.Name)]
public sealed class TabsTests(Browser browser)
{
    private const int Tabs = 9;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nine_tabs_share_one_stream_and_stay_live_when_the_first_is_closed_and_when_the_worker_dies()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var tabs = new List<Visit> { visit };
            while (tabs.Count < Tabs) tabs.Add(await visit.OpenTabAsync("machines?q=gpu-a100-01"));
            await visit.GoAsync("machines?q=gpu-a100-01");
            await AllHearAsync(fleet, tabs, "all");
            Assert.Equal(1, await ReadersAsync(fleet));

            tabs[1].Expect("net::"); // what a closed tab was loading
            await tabs[1].Page.CloseAsync();
            tabs.RemoveAt(1);
            await AllHearAsync(fleet, tabs, "one-less");

            await KillWorkersAsync(visit);
            await LabelAsync(fleet, "worker-died"); // while no stream is open
            foreach (var tab in tabs) await HearsAsync(tab, "worker-died");
            await AllHearAsync(fleet, tabs, "new-worker");
            Assert.Equal(1, await ReadersAsync(fleet));
        });
        await Until.TrueAsync(async () => await ReadersAsync(fleet) == 0, "the stream to end with the last tab");
    }

    [Fact]
    public async Task Tabs_that_follow_the_log_of_a_running_job_hold_up_none_of_the_others()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-release-");
        try
        {
            RefreshRig.WriteRelease(folder.FullName, 4 << 20, seed: 7);
            await using var host = await FileHost.StartAsync(folder.FullName, Ct);
            await using var fleet = await Fleet.StartAsync(Ct);
            var held = host.Hold("/initrd-x86_64-linux", 2 << 20);
            await fleet.Api.PutAsync("/images/nixos", new
            {
                source = new { type = "release", url = host.Url }, systems = new[] { "x86_64-linux" },
            }, Ct);
            var job = await fleet.Api.PostAsync("/images/nixos/refreshes", new { }, Ct);
            await held.Reached.WaitAsync(TimeSpan.FromMinutes(2), Ct);
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                var tabs = new List<Visit>();
                while (tabs.Count < 7) tabs.Add(await visit.OpenTabAsync($"jobs/{job.GetProperty("id").GetString()}"));
                foreach (var tab in tabs)
                {
                    await Expect(tab.Page.Locator(".log")).ToContainTextAsync("fetching");
                    await Expect(tab.Link).ToHaveTextAsync("Live");
                }
                await visit.GoAsync("machines/gpu-a100-01");
                await Expect(visit.Heading("Plan")).ToBeVisibleAsync();
                held.LetGo();
                foreach (var tab in tabs)
                {
                    await Expect(tab.Page.Locator(".log")).ToContainTextAsync("is there: ");
                    await Expect(tab.Page.GetByText("The log has ended.")).ToBeVisibleAsync();
                }
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Who_logs_out_in_one_tab_is_out_of_all_and_who_logs_in_is_in_all_of_them()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        var token = await fleet.Api.PostAsync("/tokens", new { name = "watcher", role = "viewer" }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("401"); // what was under way as the session ended
            var machines = await visit.OpenTabAsync("machines?q=gpu-a100-01");
            Visit[] tabs = [visit, machines, await visit.OpenTabAsync("boots")];
            foreach (var tab in tabs) await Expect(tab.Link).ToHaveTextAsync("Live");
            await Account(visit, "admin").ClickAsync();
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Log out" }).ClickAsync();
            foreach (var tab in tabs) await Expect(tab.Button("Log in")).ToBeVisibleAsync();
            await Until.TrueAsync(async () => await ReadersAsync(fleet) == 0, "the stream to end with the session");

            await tabs[2].LogInAsync(token.GetProperty("secret").GetString());
            foreach (var tab in tabs)
            {
                await Expect(Account(tab, "viewer")).ToBeVisibleAsync();
                await Expect(tab.Link).ToHaveTextAsync("Live");
            }
            await LabelAsync(fleet, "next-session");
            await HearsAsync(machines, "next-session");
        });
    }

    [Fact]
    public async Task A_session_that_ends_is_renewed_once_for_all_tabs_and_a_change_goes_out_as_the_one_who_made_it()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("401");
            var other = await visit.OpenTabAsync("machines/gpu-a100-02?edit");
            await other.Dialog.GetByLabel("Notes").FillAsync("typed before");
            await visit.GoAsync("machines/gpu-a100-01?edit");
            await visit.Dialog.GetByLabel("Notes").FillAsync("typed here");
            await SessionTests.EndSessionsAsync(fleet);
            await other.Button("Save").ClickAsync();
            await visit.Button("Save").ClickAsync();
            foreach (var tab in new[] { visit, other }) await Expect(Again(tab)).ToBeVisibleAsync();
            await SessionTests.LogInAgainAsync(visit, fleet);
            await Expect(visit.Toast("gpu-a100-01 saved")).ToBeVisibleAsync();
            await Expect(Again(other)).ToBeHiddenAsync();
            await Expect(other.Toast("gpu-a100-02 saved")).ToBeVisibleAsync();
            foreach (var tab in new[] { visit, other }) await Expect(tab.Link).ToHaveTextAsync("Live");
        });
        Assert.Equal("typed before",
            (await fleet.Api.GetAsync("/machines/gpu-a100-02", Ct)).GetProperty("notes").GetString());
    }

    [Fact]
    public async Task A_browser_without_shared_workers_is_live_in_the_tab_that_is_seen()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.Page.Context.AddInitScriptAsync("delete globalThis.SharedWorker");
            await visit.Page.ReloadAsync();
            await visit.LogInAsync();
            await visit.GoAsync("machines?q=gpu-a100-01");
            await AllHearAsync(fleet, [visit], "alone");
        }, logIn: false);
    }

    private static ILocator Again(Visit tab) =>
        tab.Page.GetByRole(AriaRole.Dialog, new() { Name = "Your session has ended" });

    private static ILocator Account(Visit tab, string role) =>
        tab.Page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex($"^Account .*{role}") });

    private static Task<JsonElement> LabelAsync(Fleet fleet, string value) =>
        fleet.MachineAsync("gpu-a100-01", "b8:ce:f6:0a:55:01", new { gpu = "a100", told = value }, Ct);

    private static Task HearsAsync(Visit tab, string value) =>
        Expect(tab.Page.Locator(".tag", new() { HasText = $"told={value}" })).ToHaveCountAsync(1);

    /// <summary>A change arrives by itself in every tab, which says that it is live.</summary>
    private static async Task AllHearAsync(Fleet fleet, IReadOnlyCollection<Visit> tabs, string value)
    {
        foreach (var tab in tabs)
        {
            await Expect(tab.Link).ToHaveTextAsync("Live");
            await Expect(tab.Page.Locator(".tag", new() { HasText = "gpu=a100" })).ToHaveCountAsync(1);
        }
        await LabelAsync(fleet, value);
        foreach (var tab in tabs) await HearsAsync(tab, value);
    }

    private static async Task<int> ReadersAsync(Fleet fleet)
    {
        var text = await fleet.Server.Admin.GetStringAsync("/metrics", Ct);
        return int.Parse(Regex.Match(text, @"^netboot_event_readers\S* (\d+)", RegexOptions.Multiline).Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the shared worker, as when the process that it runs in crashes.</summary>
    private static async Task KillWorkersAsync(Visit visit)
    {
        var devTools = await visit.Page.Context.Browser!.NewBrowserCDPSessionAsync();
        var targets = (await devTools.SendAsync("Target.getTargets"))!.Value.GetProperty("targetInfos");
        var workers = targets.EnumerateArray()
            .Where(target => target.GetProperty("type").GetString() == "shared_worker").ToList();
        Assert.Single(workers);
        await devTools.SendAsync("Target.closeTarget",
            new() { ["targetId"] = workers[0].GetProperty("targetId").GetString()! });
    }
}
