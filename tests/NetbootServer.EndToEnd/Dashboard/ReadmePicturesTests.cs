using System.Net.Sockets;
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
        await using var fleet = await Fleet.EmptyAsync(Ct, ("Boots:StalledAfter", "00:00:08"));
        await FurnishAsync(fleet);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await PlayAsync(fleet);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            var running = await CrowdAsync(fleet, end.Token);
            await Expect(visit.Page.Locator(".boots li[data-state=stalled]"))
                .ToBeVisibleAsync(new() { Timeout = 60_000 });
            await Expect(visit.Page.Locator(".readouts a[data-state=stalled] b")).ToHaveTextAsync("1");
            await Expect(visit.Page.Locator(".toast")).ToHaveCountAsync(0);
            await visit.ShootAsync("overview");
            await visit.GoAsync("machines/rack3-node02");
            await Expect(visit.Page.GetByText("usually ready in")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("chosen").First).ToBeVisibleAsync();
            await visit.ShootAsync("machine", fullPage: false);
            await end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        });
    }

    private static async Task FurnishAsync(Fleet fleet)
    {
        await fleet.UploadAsync("fleet", 1, 4, Ct);
        await fleet.UploadAsync("fleet", 2, 420, Ct);
        await fleet.UploadAsync("nixos-26.05", 3, 96, Ct);
        await fleet.UploadAsync("installer", 4, 61, Ct);
        await fleet.ProfileAsync("workers", new { image = "fleet", selector = new { role = "worker" } }, Ct);
        await fleet.ProfileAsync("gpu-workers", new { image = "nixos-26.05", selector = new { gpu = "a100" } }, Ct);
        await fleet.ProfileAsync("install-once", new { image = "installer", after = "local" }, Ct);
        for (var rack = 1; rack <= 4; rack++)
            for (var i = 1; i <= 16; i++)
                await fleet.MachineAsync($"rack{rack}-node{i:00}", Mac(rack, i),
                    new { rack = $"{rack}", role = "worker" }, Ct);
        for (var i = 1; i <= 4; i++)
            await fleet.MachineAsync($"gpu-a100-{i:00}", $"b8:ce:f6:0a:55:{i:x2}", new { gpu = "a100" }, Ct);
        await fleet.Api.PutAsync("/machines/storage-03", new
        {
            macs = new[] { "02:00:00:00:00:77" }, uuid = "4c4c4544-0042-3510-8051-b4c04f4d3732",
            labels = new { rack = "4" },
        }, Ct);
    }

    /// <summary>What has happened before: boots in waves, so that the graph has something to show.</summary>
    private static async Task PlayAsync(Fleet fleet)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(10));
        var known = await fleet.Machine(Mac(3, 2)).AskAsync(Ct); // its history says how long it usually takes
        await await known.CrawlAsync(20_000_000, Ct);
        await known.ReadyAsync(Ct);
        await known.UpAsync(Ct);
        var next = 1;
        foreach (var wave in Waves)
        {
            for (var i = 0; i < wave; i++, next++) await BootAsync(fleet, Mac(1, next));
            await pace.WaitForNextTickAsync(Ct);
        }
        for (var i = 1; i <= 3; i++) await BootAsync(fleet, $"b8:ce:f6:0a:55:{i:x2}");
        await (await fleet.Machine("b8:ce:f6:0a:55:04").AskAsync(Ct)).FailAsync("initrd", "31006301", Ct);
        await (await fleet.Machine(Mac(2, 11)).AskAsync(Ct)).FailAsync("kernel", "0f0a6095", Ct);
        await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct);
        await fleet.Server.Machines.GetStringAsync(
            $"/boot/script?mac={Mac(3, 9)}&uuid=4c4c4544-0042-3510-8051-b4c04f4d3732", Ct);
    }

    private static async Task BootAsync(Fleet fleet, string mac)
    {
        var machine = await fleet.Machine(mac).AskAsync(Ct);
        await (await machine.LoadAsync(Ct)).ReadyAsync(Ct);
        await machine.UpAsync(Ct);
    }

    /// <summary>Boots under way, at their own rates; one stands still.</summary>
    private static async Task<Task> CrowdAsync(Fleet fleet, CancellationToken ct)
    {
        var still = await (await fleet.Machine(Mac(3, 7)).AskAsync(ct)).HangAsync(180 << 20, ct);
        var crawls = new List<Task> { HoldAsync(still, ct) };
        var slow = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync })
        {
            BaseAddress = fleet.Server.Url,
        };
        foreach (var (node, rate) in new[] { (1, 17), (2, 13), (3, 9), (4, 6), (5, 3) })
            crawls.Add(await (await new FakeMachine(slow, Mac(3, node)).AskAsync(ct)).CrawlAsync(rate * 1_000_000, ct));
        await (await (await fleet.Machine(Mac(3, 6)).AskAsync(ct)).LoadAsync(ct)).ReadyAsync(ct);
        return Task.WhenAll(crawls);
    }

    /// <summary>As little buffer as firmware has, so that the rate is the reader's.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 16 };
        await socket.ConnectAsync(context.DnsEndPoint, ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task HoldAsync(IDisposable transfer, CancellationToken ct)
    {
        using (transfer) await Task.Delay(Timeout.Infinite, ct);
    }

    private static string Mac(int rack, int node) => $"3c:ec:ef:41:{rack:x2}:{node:x2}";
}
