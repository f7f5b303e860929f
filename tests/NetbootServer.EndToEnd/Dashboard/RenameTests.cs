using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Machines, profiles and images get other names on their pages, which go along.</summary>
[Collection(DashboardCollection.Name)]
public sealed class RenameTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("machines", "gpu-a100-03", "gpu-a100-02")]
    [InlineData("profiles", "gpu-workers", "rescue")]
    [InlineData("images", "nixos-26.05", "fleet")]
    public async Task A_page_offers_another_name_refuses_one_that_is_taken_and_goes_to_the_new_one(string kind,
        string name, string taken)
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("404"); // the old page may hear of it before it is left, and look
            visit.Expect("409");
            await visit.GoAsync($"{kind}/{name}");
            await visit.Button("More actions").ClickAsync();
            await visit.Page.GetByText("Rename…").ClickAsync();
            await visit.Dialog.GetByLabel("New name").FillAsync(taken);
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
            await Expect(visit.Dialog).ToContainTextAsync($"'{taken}' already");
            await visit.AssertAccessibleAsync("rename");
            await visit.Dialog.GetByLabel("New name").FillAsync("renamed-here");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
            await Expect(visit.Toast($"{name} is now renamed-here")).ToBeVisibleAsync();
            await Expect(visit.Page).ToHaveURLAsync(new Regex($"#/{kind}/renamed-here$"));
            await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "renamed-here" })).ToBeVisibleAsync();
        });
        Assert.Null(await fleet.Api.FindAsync($"/{kind}/{name}", Ct));
        Assert.NotNull(await fleet.Api.FindAsync($"/{kind}/renamed-here", Ct));
    }
}
