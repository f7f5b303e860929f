using System.Globalization;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>The dashboard stays quick with ten thousand machines.</summary>
[Collection(DashboardCollection.Name)]
public sealed class WeightTests(Browser browser)
{
    private const int Machines = 10_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_machines_are_searched_and_scrolled_without_lag()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await ManyAsync(fleet);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines");
            await Expect(visit.Page.GetByText("10,012 registered, 0 discovered")).ToBeVisibleAsync(new() { Timeout = 60_000 });
            var rows = await visit.Page.Locator(".machines tbody tr").CountAsync();
            Assert.InRange(rows, 10, 120);
            await visit.Page.EvaluateAsync("""
                window.longest = 0;
                new PerformanceObserver(list => { for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration); })
                  .observe({ type: 'longtask' });
                """);
            await visit.Page.GetByLabel("Search machines").PressSequentiallyAsync("bulk-04242");
            await Expect(visit.Page.Locator(".machines tbody tr")).ToHaveCountAsync(1);
            await visit.Page.GetByLabel("Search machines").FillAsync("");
            await visit.Page.Keyboard.PressAsync("End");
            await visit.Page.EvaluateAsync("scrollTo(0, document.body.scrollHeight)");
            await Expect(visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "rack3-node08" })).ToBeVisibleAsync();
            var longest = await visit.Page.EvaluateAsync<double>("window.longest");
            TestContext.Current.TestOutputHelper?.WriteLine($"longest task {longest} ms, {rows} rows drawn");
            Assert.InRange(longest, 0, 500);
        });
    }

    /// <summary>Registers them a few at a time; an import would be one request, but is not what is tested here.</summary>
    private static Task ManyAsync(Fleet fleet) => Parallel.ForEachAsync(Enumerable.Range(0, Machines),
        new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct },
        async (i, ct) => await fleet.MachineAsync(
            string.Create(CultureInfo.InvariantCulture, $"bulk-{i:00000}"),
            $"02:00:00:{i >> 16:x2}:{i >> 8 & 255:x2}:{i & 255:x2}", new { bulk = "1", rack = $"{i % 50}" }, ct));
}
