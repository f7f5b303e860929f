using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Every place has an address, and back leads to where one was.</summary>
[Collection(DashboardCollection.Name)]
public sealed class NavigationTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Back_leads_to_the_row_that_was_left_and_a_new_page_begins_at_its_top()
    {
        await using var morning = await Morning.FurnishAsync(mebibytes: 4, Ct);
        await browser.VisitAsync(morning.Fleet.Server, async visit =>
        {
            var node = visit.Page.GetByRole(AriaRole.Link, new() { Name = "rack7-node10" });
            await visit.GoAsync("machines");
            await Expect(visit.Page.GetByText("195 registered")).ToBeVisibleAsync();
            await visit.Page.EvaluateAsync("scrollTo(0, document.body.scrollHeight * .8)");
            await node.ClickAsync();
            await Expect(visit.Heading("rack7-node10")).ToBeVisibleAsync();
            await Expect(visit.Heading("rack7-node10")).ToBeInViewportAsync();
            await Until.TrueAsync(
                async () => await visit.Page.EvaluateAsync<double>("(scrollTo(0, 120), scrollY)") == 120,
                "the machine's page is long enough to be scrolled");
            await visit.Page.GoBackAsync();
            await Expect(node).ToBeInViewportAsync();
            await visit.Page.ReloadAsync();
            await Expect(node).ToBeInViewportAsync();
            await visit.Page.GoForwardAsync();
            await Expect(visit.Heading("rack7-node10")).ToBeVisibleAsync();
            await Until.TrueAsync(async () => await visit.Page.EvaluateAsync<double>("scrollY") == 120,
                "the machine's page is as far down as it was");
            await visit.GoAsync("jobs");
            await Expect(visit.Heading("Jobs")).ToBeInViewportAsync();
            // Twice in a moment: the first way back is still under way when the second begins.
            await visit.Page.EvaluateAsync("""
                addEventListener('hashchange', () => setTimeout(() => history.back()), { once: true });
                history.back();
                """);
            await Expect(node).ToBeInViewportAsync();
            Assert.NotEqual(120, await visit.Page.EvaluateAsync<double>(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(scrollY))))"));
        });
    }

    [Fact]
    public async Task A_link_leads_to_its_place_once_whoever_follows_it_has_logged_in()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines?label=rack%3D3&sort=-name");
            await visit.LogInAsync();
            await Expect(visit.Page.Locator(".machines tbody tr:has(input)")).ToHaveCountAsync(8);
            await Expect(visit.Page.Locator(".machines tbody tr").First).ToContainTextAsync("rack3-node08");
            await visit.Page.ReloadAsync();
            await Expect(visit.Page.Locator(".machines tbody tr").First).ToContainTextAsync("rack3-node08");
        }, logIn: false);
    }
}
