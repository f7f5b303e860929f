using Microsoft.Playwright;
using NetbootServer.EndToEnd.Images;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Jobs in the dashboard: watched, cancelled, tried again.</summary>
[Collection(DashboardCollection.Name)]
public sealed class JobsTests(Browser browser)
{
    private const int InitrdBytes = 24 << 20;

    /// <summary>What the page writes of a job whose progress the server has just told.</summary>
    private const string TextOfToldProgress = """
        async () => {
          const load = name => import(new URL(name, document.baseURI));
          const [{ tell }, { progressText }] = await Promise.all([load('core/state.js'), load('parts/job-line.js')]);
          tell('job.progress', { job: 'told', phase: 'downloading', doneBytes: 2 ** 30, totalBytes: 3 * 2 ** 30,
            bytesPerSecond: 5 * 2 ** 20, secondsLeft: 410 });
          return progressText({ id: 'told', state: 'running' });
        }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refresh_is_watched_cancelled_tried_again_and_brings_its_version()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-release-");
        try
        {
            RefreshRig.WriteRelease(folder.FullName, InitrdBytes, seed: 7);
            await using var host = await FileHost.StartAsync(folder.FullName, Ct);
            await using var fleet = await Fleet.EmptyAsync(Ct);
            await fleet.Api.PutAsync("/images/nixos", new
            {
                source = new { type = "release", url = host.Url }, systems = new[] { "x86_64-linux" },
            }, Ct);
            await browser.VisitAsync(fleet.Server, visit => RefreshTwiceAsync(visit, host));
            var version = Assert.Single(await fleet.Api.ListAsync("/images/nixos/versions", Ct));
            Assert.True(version.GetProperty("current").GetBoolean());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_failed_refresh_says_why_and_is_listed_among_the_failed()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-folder-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "bzImage-x86_64-linux"), "<!doctype html>", Ct);
            await using var fleet = await Fleet.EmptyAsync(Ct, ("Images:DirectoryRoots", folder.FullName));
            await fleet.Api.PutAsync("/images/broken",
                new { source = new { type = "directory", path = folder.FullName } }, Ct);
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                await visit.GoAsync("images/broken");
                await visit.Button("Refresh now").ClickAsync();
                await visit.GoAsync("jobs?state=failed");
                await visit.Page.GetByRole(AriaRole.Link, new() { Name = "refresh broken" }).ClickAsync();
                await Expect(visit.Heading("Why it failed")).ToBeVisibleAsync();
                await Expect(visit.Page.Locator(".log")).ToContainTextAsync("Failed:");
                await Expect(visit.Button("Try again")).ToBeVisibleAsync();
                await visit.ShootAsync("failed");
                await visit.AssertAccessibleAsync("failed");
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Colours_of_a_builds_log_are_shown_its_lines_are_searched_and_the_health_tells_of_nix()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-nix-");
        try
        {
            await using var fleet = await Fleet.EmptyAsync(Ct, ("Nix:Path", await WriteNixAsync(folder.FullName)));
            await fleet.Api.PutAsync("/images/flake",
                new { source = new { type = "nix", installable = "github:acme/fleet#netboot" } }, Ct);
            var job = await fleet.Api.RefreshAsync("flake", TimeSpan.FromMinutes(1), Ct);
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                await visit.GoAsync($"jobs/{job.GetProperty("id").GetString()}");
                await Expect(visit.Page.Locator(".log .a1.a31")).ToHaveTextAsync("error:");
                await Expect(visit.Page.Locator(".log .a33")).ToHaveTextAsync("netboot");
                await Expect(visit.Page.Locator(".log")).Not.ToContainTextAsync("[0m");
                await visit.ShootAsync("colours");
                await visit.AssertAccessibleAsync("colours");
                await visit.Page.GetByLabel("Search in the log").FillAsync("attribute NETBOOT missing");
                await Expect(visit.Page.Locator(".log li")).ToHaveCountAsync(2); // the failure quotes it
                await visit.GoAsync("setup");
                await Expect(visit.Page.GetByText("Database answers")).ToBeVisibleAsync();
                // The check's own patience is short: a machine that is busy just then is asked again.
                await Until.TrueAsync(async () =>
                {
                    if (await visit.Page.GetByText("Nix 2.34.8").IsVisibleAsync()) return true;
                    await visit.Page.RunAndWaitForResponseAsync(() => visit.Button("Check again").ClickAsync(),
                        answer => answer.Url.EndsWith("/setup", StringComparison.Ordinal));
                    return false;
                }, "Nix to tell its version");
                await Expect(visit.Page.GetByText("No alarm")).ToBeVisibleAsync();
                await Expect(visit.Page.GetByText("Jobs: 0 running, 0 waiting")).ToBeVisibleAsync();
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A nix that says its version and fails at everything else, in colours.</summary>
    private static async Task<string> WriteNixAsync(string folder)
    {
        var path = Path.Combine(folder, "nix");
        await File.WriteAllTextAsync(path, """
            #!/bin/sh
            [ "$1" = --version ] && { echo "nix (Nix) 2.34.8"; exit; }
            printf '\033[35;1mwarning:\033[0m Git tree is dirty\n' >&2
            printf '\033[31;1merror:\033[0m attribute \033[33mnetboot\033[0m missing\n' >&2
            exit 1

            """, Ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task RefreshTwiceAsync(Visit visit, FileHost host)
    {
        var held = host.Hold("/initrd-x86_64-linux", InitrdBytes / 2);
        await visit.GoAsync("images/nixos");
        await visit.Button("Refresh now").ClickAsync();
        await held.Reached.WaitAsync(TimeSpan.FromMinutes(2), Ct);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Watch its log" }).ClickAsync();
        await Expect(visit.Page.Locator(".log")).ToContainTextAsync("fetching");
        await Expect(visit.Page.GetByText("downloading, ")).ToContainTextAsync("MiB");
        Assert.Equal("downloading, 1.00 of 3.00 GiB, 5.0 MiB/s, 6 min 50 s left",
            await visit.Page.EvaluateAsync<string>(TextOfToldProgress));
        await visit.ShootAsync("running");
        await visit.AssertAccessibleAsync("running");

        await visit.Button("Cancel job…").ClickAsync();
        await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel job" }).ClickAsync();
        await Expect(visit.Page.Locator(".head .state")).ToHaveTextAsync("cancelled");
        var address = visit.Page.Url;
        held.LetGo();
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Page.Locator(".head .state")).ToHaveTextAsync("succeeded");
        Assert.NotEqual(address, visit.Page.Url);
        await Expect(visit.Page.GetByText("is what machines get.")).ToBeVisibleAsync();
    }
}
