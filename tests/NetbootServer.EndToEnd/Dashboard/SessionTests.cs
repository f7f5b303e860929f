using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Logging in and out, sessions that end in the middle of work, a server that goes and comes back.</summary>
[Collection(DashboardCollection.Name)]
public sealed class SessionTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_password_lets_in_and_logging_out_shuts_the_door()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        var file = Path.Combine(fleet.Server.DataDirectory, "initial-admin-password");
        var password = (await File.ReadAllTextAsync(file, Ct)).Trim();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("401");
            await Expect(visit.Button("Log in")).ToBeVisibleAsync(); // it comes after the page
            await visit.AssertAccessibleAsync("log-in");
            await visit.Page.GetByLabel("Admin password").FillAsync("not-the-one");
            await visit.Button("Log in").ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That is not the password.");
            await visit.ShootAsync("log-in");
            await visit.Page.GetByLabel("Admin password").FillAsync(password);
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Page.Locator(".rail")).ToBeVisibleAsync();
            Assert.False(File.Exists(file), "the first password's file stays after its use");
            await visit.Page.ReloadAsync();
            await Expect(visit.Page.Locator(".rail")).ToBeVisibleAsync();
            await visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Account") }).ClickAsync();
            await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Log out" }).ClickAsync();
            await Expect(visit.Button("Log in")).ToBeVisibleAsync();
            await visit.Page.ReloadAsync();
            await Expect(visit.Button("Log in")).ToBeVisibleAsync();
        }, logIn: false);
    }

    [Fact]
    public async Task A_session_that_ends_in_the_middle_of_work_is_renewed_and_the_work_is_saved()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("401");
            await visit.GoAsync("machines/gpu-a100-01?edit");
            await visit.Dialog.GetByLabel("Notes").FillAsync("typed before the session ended");
            await EndSessionsAsync(fleet);
            await visit.Button("Save").ClickAsync();
            await LogInAgainAsync(visit, fleet);
            await Expect(visit.Toast("gpu-a100-01 saved")).ToBeVisibleAsync();
        });
        Assert.Equal("typed before the session ended",
            (await fleet.Api.GetAsync("/machines/gpu-a100-01", Ct)).GetProperty("notes").GetString());
    }

    [Fact]
    public async Task A_session_that_ends_before_an_upload_is_renewed_before_the_bytes_go()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("401");
            await visit.GoAsync("images/fleet");
            await visit.Button("Upload version…").ClickAsync();
            var files = new[]
            {
                ("bzImage", BootBytes.Kernel(9, 1 << 20)), ("initrd", BootBytes.Initrd(9, 1 << 20)),
            };
            await visit.Dialog.GetByLabel("Choose files…").SetInputFilesAsync(files.Select(file => new FilePayload
            {
                Name = file.Item1, MimeType = "application/octet-stream", Buffer = file.Item2,
            }));
            await visit.Dialog.GetByLabel("What bzImage is").SelectOptionAsync("kernel");
            await visit.Dialog.GetByLabel("What initrd is").SelectOptionAsync("initrd");
            await EndSessionsAsync(fleet);
            await visit.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Upload") }).ClickAsync();
            await LogInAgainAsync(visit, fleet);
            await Expect(visit.Toast("is uploaded and current")).ToBeVisibleAsync();
        });
        Assert.Equal(3, (await fleet.Api.ListAsync("/images/fleet/versions", Ct)).Count);
    }

    [Fact]
    public async Task While_the_server_is_away_a_banner_says_so_and_nothing_typed_is_lost()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("ERR_");
            visit.Expect("503"); // a server that drains says so
            await visit.GoAsync("profiles/rescue");
            await visit.Page.GetByLabel("Kernel arguments").FillAsync("typed=while-away");
            await fleet.Server.StopAsync();
            await Expect(visit.Page.GetByText("Server away")).ToBeVisibleAsync();
            await visit.ShootAsync("away");
            await visit.AssertAccessibleAsync("away");
            await fleet.Server.StartAgainAsync(Ct);
            await Expect(visit.Page.GetByText("Server away")).ToBeHiddenAsync();
            await Expect(visit.Page.GetByLabel("Kernel arguments")).ToHaveValueAsync("typed=while-away");
            await visit.Button("Save").ClickAsync();
            await Expect(visit.Toast("rescue saved")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("Live")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task A_server_that_stands_still_is_noticed_and_what_it_was_asked_fails_in_time_and_comes_later()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("ERR_");
            await visit.GoAsync("machines/gpu-a100-01");
            await Expect(visit.Heading("Plan")).ToBeVisibleAsync();
            using (fleet.Server.Freeze())
            {
                var watch = System.Diagnostics.Stopwatch.StartNew();
                await Expect(visit.Link).ToHaveTextAsync("Away");
                Assert.InRange(watch.Elapsed.TotalSeconds, 0, 25);
                await Expect(visit.Page.GetByText("Server away")).ToBeVisibleAsync();
                await visit.ShootAsync("frozen");
                await visit.GoAsync("boots");
                await Expect(visit.Page.GetByText("could not be loaded")).ToBeVisibleAsync();
            }
            await Expect(visit.Link).ToHaveTextAsync("Live");
            await Expect(visit.Page.GetByText("No boot yet")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("Server away")).ToBeHiddenAsync();
        });
    }

    [Fact]
    public async Task A_page_that_is_asked_for_while_the_server_is_away_comes_when_it_is_back()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("ERR_");
            visit.Expect("503");
            // a script that is asked for while the server stops: the 503's text
            visit.Expect("MIME type ('text/plain')");
            await Expect(visit.Heading("Boots in progress")).ToBeVisibleAsync();
            await fleet.Server.StopAsync();
            await visit.GoAsync("boots");
            await Expect(visit.Page.GetByText("This page could not be loaded")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("Server away")).ToBeVisibleAsync();
            await fleet.Server.StartAgainAsync(Ct);
            await Expect(visit.Heading("Boots")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("No boot yet")).ToBeVisibleAsync();
        });
    }

    internal static async Task LogInAgainAsync(Visit visit, Fleet fleet)
    {
        var again = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Your session has ended" });
        await Expect(again).ToBeVisibleAsync();
        await visit.ShootAsync("session-ended");
        await again.GetByRole(AriaRole.Tab, new() { Name = "Token" }).ClickAsync();
        await again.Locator("input").FillAsync(fleet.Server.AdminToken);
        await again.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
    }

    /// <summary>An admin ends all sessions, as their time would.</summary>
    internal static async Task EndSessionsAsync(Fleet fleet)
    {
        foreach (var session in await fleet.Api.ListAsync("/sessions", Ct))
        {
            var path = $"/api/v1/sessions/{session.GetProperty("id")}";
            using var answer = await fleet.Server.Admin.DeleteAsync(path, Ct);
            answer.EnsureSuccessStatusCode();
        }
    }
}
