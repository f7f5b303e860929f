using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>The dashboard stays light: few bytes at first, ten thousand machines without lag.</summary>
[Collection(DashboardCollection.Name)]
public sealed class WeightTests(Browser browser)
{
    private const int Budget = 100_000, Machines = 10_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_paint_takes_less_than_100_kB_data_and_graph_included()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            // What the visit before still loads is not of the first paint.
            await Expect(visit.Page.Locator(".plot canvas")).ToBeVisibleAsync();
            var requests = new ConcurrentQueue<IRequest>();
            visit.Page.RequestFinished += (_, request) => requests.Enqueue(request);
            var devTools = await visit.Page.Context.NewCDPSessionAsync(visit.Page);
            await devTools.SendAsync("Network.clearBrowserCache");
            await visit.Page.ReloadAsync();
            await Expect(visit.Page.GetByText("No machine is booting")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "nixos-26.05" })).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".plot canvas")).ToBeVisibleAsync();
            var sizes = await Task.WhenAll(requests.Select(request => request.SizesAsync()));
            var bodies = sizes.Sum(size => size.ResponseBodySize);
            var headers = sizes.Sum(size => size.ResponseHeadersSize);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{sizes.Length} answers: {bodies} bytes, and {headers} of headers");
            Assert.InRange(sizes.Length, 40, 100);
            Assert.InRange(bodies, 10_000, Budget);
        });
    }

    [Fact]
    public async Task Of_ten_thousand_machines_only_those_in_sight_are_drawn()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await ManyAsync(fleet);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines");
            await Expect(visit.Page.GetByText("10,012 registered, 0 discovered"))
                .ToBeVisibleAsync();
            var rows = await visit.Page.Locator(".machines tbody tr").CountAsync();
            Assert.InRange(rows, 10, 120);
            await visit.Page.EvaluateAsync("""
                window.longest = 0;
                new PerformanceObserver(list =>
                    { for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration); })
                  .observe({ type: 'longtask' });
                """);
            await visit.Page.GetByLabel("Search machines").PressSequentiallyAsync("bulk-04242");
            await Expect(visit.Page.Locator(".machines tbody tr")).ToHaveCountAsync(1);
            await visit.Page.GetByLabel("Search machines").FillAsync("");
            await visit.Page.Keyboard.PressAsync("End");
            await visit.Page.EvaluateAsync("scrollTo(0, document.body.scrollHeight)");
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "rack3-node08" }))
                .ToBeVisibleAsync();
            var longest = await visit.Page.EvaluateAsync<double>("window.longest");
            TestContext.Current.TestOutputHelper?.WriteLine($"longest task {longest} ms, {rows} rows drawn");
        });
    }

    [Fact]
    public async Task Five_hundred_boots_in_progress_are_shown_on_a_phone()
    {
        const double seconds = 6;
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await Expect(visit.Page.GetByText("No machine is booting")).ToBeVisibleAsync();
            var devTools = await visit.Page.Context.NewCDPSessionAsync(visit.Page);
            await devTools.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = 4 });
            var busy = await visit.Page.EvaluateAsync<double>(FiveHundredBoots, seconds * 1000);
            await Expect(visit.Page.GetByText("488 more boots")).ToBeVisibleAsync();
            await visit.ShootAsync("five-hundred");
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"busy for {busy:0} ms of {seconds} s at a quarter of the speed");
        }, Screen.Phone);
    }

    /// <summary>Tells the page of boots as the server would: bytes four times a second, steps once a second.</summary>
    private const string FiveHundredBoots = """
        async duration => {
          const { tell } = await import(new URL('core/state.js', document.baseURI));
          const at = new Date().toISOString(), total = 700e6;
          const boot = i => ({ id: `boot-${i}`, machine: `node-${i}`, image: 'fleet', version: '0123456789abcdef',
            startedAt: at, outcome: 'running', steps: [{ name: 'script', at },
              { name: 'kernel', at, durationSeconds: 1, bytes: 9e6, totalBytes: 9e6 },
              { name: 'initrd', at, bytes: i * 1e5, totalBytes: total }] });
          let busy = 0;
          new PerformanceObserver(list => { for (const task of list.getEntries()) busy += task.duration; })
            .observe({ type: 'longtask' });
          const end = performance.now() + duration;
          for (let round = 0; performance.now() < end; round++) {
            for (let i = 0; i < 500; i++) {
              if (round % 4 === 0) tell('boot.changed', boot(i));
              tell('boot.progress', { boot: `boot-${i}`, machine: `node-${i}`, step: 'initrd',
                bytes: i * 1e5 + round * 5e6, totalBytes: total, bytesPerSecond: 2e7 });
              if (i % 50 === 0) await new Promise(resolve => setTimeout(resolve));
            }
            await new Promise(resolve => setTimeout(resolve, 250));
          }
          return busy;
        }
        """;

    /// <summary>Registers them a few at a time; an import would be one request, but is not the matter here.</summary>
    private static Task ManyAsync(Fleet fleet) => Parallel.ForEachAsync(Enumerable.Range(0, Machines),
        new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct },
        async (i, ct) => await fleet.MachineAsync(
            string.Create(CultureInfo.InvariantCulture, $"bulk-{i:00000}"),
            $"02:00:00:{i >> 16:x2}:{i >> 8 & 255:x2}:{i & 255:x2}", new { bulk = "1", rack = $"{i % 50}" }, ct));
}
