using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// The pictures of the README: a busy morning in a rack, played over two minutes. It runs only when asked for by
/// <c>-explicit only</c>; what it shoots goes to <c>.github/screenshots</c> by hand.
/// </summary>
[Collection(DashboardCollection.Name)]
public sealed class ReadmePicturesTests(Browser browser)
{
    private static readonly int[] Waves = [0, 1, 3, 2, 0, 1, 4, 2, 1];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Overview_and_a_machine_in_the_middle_of_its_boot()
    {
        await using var morning = await Morning.FurnishAsync(mebibytes: 420, Ct);
        await browser.VisitAsync(morning.Fleet.Server, async visit =>
        {
            await PlayAsync(morning);
            await morning.CrowdAsync(Ct, 17, 13, 9, 6, 3);
            await Expect(visit.Page.Locator(".boots li[data-state=stalled]"))
                .ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".readouts a[data-state=stalled] b")).ToHaveTextAsync("1");
            await Expect(visit.Page.Locator(".toast")).ToHaveCountAsync(0);
            await visit.ShootAsync("overview");
            await visit.GoAsync($"machines/{Morning.Moving}");
            await Expect(visit.Page.GetByText("usually ready in")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("chosen").First).ToBeVisibleAsync();
            await visit.ShootAsync("machine", fullPage: false);
        });
    }

    /// <summary>Boots in waves, so that the graph has something to show.</summary>
    private static async Task PlayAsync(Morning morning)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(10));
        var known = await morning.Fleet.Machine(Morning.MacOf(3, 2)).AskAsync(Ct); // takes as long as on a real network
        await await known.CrawlAsync(20_000_000, Ct);
        await known.ReadyAsync(Ct);
        await known.UpAsync(Ct);
        var next = 1;
        foreach (var wave in Waves)
        {
            for (var i = 0; i < wave; i++, next++) await morning.BootAsync(Morning.MacOf(1, next), Ct);
            await pace.WaitForNextTickAsync(Ct);
        }
        await morning.HappenAsync(Ct);
    }
}
