using System.Net.Http.Headers;
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

    private static async Task<int> AskAsync(Fleet fleet, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/machines");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var answer = await fleet.Server.Machines.SendAsync(request, Ct);
        return (int)answer.StatusCode;
    }
}
