using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Tokens, the audit, and many machines at once in the dashboard.</summary>
[Collection(DashboardCollection.Name)]
public sealed class AccessTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_is_made_its_secret_works_and_revoking_it_ends_that()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("access");
            await visit.Button("Make token…").ClickAsync();
            await visit.Dialog.GetByLabel("Name").FillAsync("ci-fleet");
            await visit.Dialog.GetByLabel("Role").SelectOptionAsync("viewer");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
            var secret = await visit.Page.GetByLabel("Secret of ci-fleet").InputValueAsync();
            await visit.ShootAsync("token");
            await visit.AssertAccessibleAsync("token");
            Assert.Equal(200, await AskAsync(fleet, secret));
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("made token") }).First)
                .ToContainTextAsync("ci-fleet");

            await visit.Button("Revoke… ci-fleet").ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Revoke token" }).ClickAsync();
            await Expect(visit.Toast("ci-fleet revoked")).ToBeVisibleAsync();
            Assert.Equal(401, await AskAsync(fleet, secret));
        });
    }

    [Fact]
    public async Task The_audit_says_who_changed_what_and_is_filtered_by_kind()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("access?kind=profile");
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("made profile") }))
                .ToHaveCountAsync(4);
            await visit.Page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("image");
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("made image") }))
                .ToHaveCountAsync(2);
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("made profile") }))
                .ToHaveCountAsync(0);
            await visit.GoAsync("access?show=sessions");
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("127.0.0.1") }))
                .ToHaveCountAsync(1);
        });
    }

    [Fact]
    public async Task An_import_shows_what_would_change_then_does_all_of_it()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            await visit.GoAsync("machines");
            await visit.Button("Import…").ClickAsync();
            await visit.Dialog.GetByLabel("or its text")
                .FillAsync("name,macs,labels\nnew-1,02:00:00:00:00:01,rack=5\nnew-2,not-a-mac,rack=5\n");
            await visit.Button("Preview").ClickAsync();
            await Expect(visit.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("line 3");
            await visit.Dialog.GetByLabel("or its text").FillAsync(
                "name,macs,labels\nnew-1,02:00:00:00:00:01,rack=5\ngpu-a100-01,b8:ce:f6:0a:55:01,gpu=h100\n");
            await visit.Button("Preview").ClickAsync();
            await Expect(visit.Dialog.GetByText("1 new, 1 changed")).ToBeVisibleAsync();
            await Expect(visit.Dialog.Locator("ins")).ToContainTextAsync("h100");
            await visit.ShootAsync("import");
            await visit.AssertAccessibleAsync("import");
            Assert.Null(await fleet.Api.FindAsync("/machines/new-1", Ct));
            await visit.Button("Import 2 machines").ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "new-1" })).ToBeVisibleAsync();
        });
        var labels = (await fleet.Api.GetAsync("/machines/gpu-a100-01", Ct)).GetProperty("labels");
        Assert.Equal("h100", labels.GetProperty("gpu").GetString());
    }

    [Fact]
    public async Task An_export_has_every_machine_and_can_be_imported_again()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines");
            await visit.Button("Export").ClickAsync();
            var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.GetByText("CSV").ClickAsync());
            await using var stream = await download.CreateReadStreamAsync();
            var text = await new StreamReader(stream).ReadToEndAsync(Ct);
            Assert.Contains("rack3-node07", text, StringComparison.Ordinal);
            await visit.Button("Import…").ClickAsync();
            await visit.Dialog.GetByLabel("File: CSV, JSON or YAML").SetInputFilesAsync(new FilePayload
            {
                Name = "machines.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(text),
            });
            await Expect(visit.Dialog.GetByText("0 new, 0 changed, 12 unchanged")).ToBeVisibleAsync();
            await Expect(visit.Button("Nothing to import")).ToBeDisabledAsync();
        });
    }

    [Fact]
    public async Task A_session_is_ended_from_the_list_and_the_audit_goes_back_page_by_page()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        for (var i = 0; i < 100; i++)
            await fleet.ProfileAsync("rescue", new { image = "nixos-26.05", priority = i + 1 }, Ct);
        using var other = new HttpClient(new SocketsHttpHandler()) { BaseAddress = fleet.Server.Url };
        using var login = await other.PostAsJsonAsync("/api/v1/session", new { token = fleet.Server.AdminToken }, Ct);
        login.EnsureSuccessStatusCode();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("access?show=sessions");
            var rows = visit.Page.Locator("tbody tr");
            await Expect(rows).ToHaveCountAsync(2);
            await Expect(rows.First).ToContainTextAsync("this one");
            await Expect(rows.Last).Not.ToContainTextAsync("this one");
            await rows.Last.GetByRole(AriaRole.Button).ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "End session" }).ClickAsync();
            await Expect(rows).ToHaveCountAsync(1);

            await visit.GoAsync("access?kind=profile");
            await Expect(rows).ToHaveCountAsync(100);
            await visit.Button("Older").ClickAsync();
            await Expect(rows).ToHaveCountAsync(104);
            await Expect(visit.Button("Older")).ToBeHiddenAsync();
        });
    }

    private static async Task<int> AskAsync(Fleet fleet, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/machines");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var answer = await fleet.Server.Machines.SendAsync(request, Ct);
        return (int)answer.StatusCode;
    }
}
