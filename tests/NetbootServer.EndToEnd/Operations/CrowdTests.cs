using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.EndToEnd.Operations;

/// <summary>Many at once, on a process of its own so that its memory is only its own.</summary>
public sealed class CrowdTests
{
    private const string WorkingSet = "dotnet_process_memory_working_set_bytes";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_idle_connections_cost_little_and_boots_go_on()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        await SmallImage.MakeAsync(api, server.Admin, "tiny", 5000, Ct);
        await api.PutAsync("/machines/node", new { macs = new[] { "52:54:00:00:00:01" }, profile = "tiny" }, Ct);
        await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
        var before = await SmallImage.MetricAsync(server.Machines, WorkingSet, Ct);

        var idle = new List<Socket>();
        try
        {
            while (idle.Count < 10_000)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                // Loopback has 28,000 ports for one pair of addresses; other addresses of it have their own.
                socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse($"127.0.0.{2 + idle.Count % 4}"), 0));
                await socket.ConnectAsync(server.Url.Host, server.Url.Port, Ct);
                idle.Add(socket);
            }
            await Until.TrueAsync(async () =>
                await SmallImage.MetricAsync(server.Machines, "kestrel_active_connections", Ct) >= 10_000,
                "the server to have them all", TimeSpan.FromMinutes(2));
            var script = await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
            Assert.Contains("/kernel", script, StringComparison.Ordinal);
            var grown = (await SmallImage.MetricAsync(server.Machines, WorkingSet, Ct) - before) / (1 << 20);
            TestContext.Current.TestOutputHelper!.WriteLine($"{idle.Count} idle connections: {grown:0} MiB");
            Assert.True(grown < 350, $"10,000 idle connections take {grown:0} MiB.");
        }
        finally
        {
            foreach (var socket in idle) socket.Dispose();
        }
        await server.Machines.GetStringAsync("/boot/script?mac=525400000001&arch=x86_64", Ct);
    }

    [Fact]
    public async Task A_hundred_thousand_machines_are_imported_with_flat_memory_while_machines_boot()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        await ImportAsync(server, File(0, 1000)); // compiled and warm
        var before = await SmallImage.MetricAsync(server.Machines, WorkingSet, Ct);
        var file = File(1000, 100_000);
        using var over = new CancellationTokenSource();
        var watching = WatchAsync(server, over.Token);
        var watch = Stopwatch.StartNew();
        var report = await ImportAsync(server, file);
        var elapsed = watch.Elapsed;
        await over.CancelAsync();
        var (peak, slowest) = await watching;
        var grown = (peak - before) / (1 << 20);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"99,000 machines in {elapsed.TotalSeconds:0.0} s, {grown:0} MiB more at the most, slowest script " +
            $"{slowest.TotalMilliseconds:0} ms");
        Assert.Contains("\"created\":99000,", report, StringComparison.Ordinal);
        Assert.True(grown < 200, $"Memory grew by {grown:0} MiB.");
        var exported = await server.Admin.GetStringAsync("/api/v1/machines/export?format=csv", Ct);
        Assert.Equal(100_001, exported.Count(c => c == '\n'));
        Assert.Contains("\"created\":0,\"changed\":0,\n\"unchanged\":100000,", await ImportAsync(server, exported),
            StringComparison.Ordinal);
    }

    /// <summary>The greatest working set, and the slowest of the scripts that machines ask for meanwhile.</summary>
    private static async Task<(double Peak, TimeSpan Slowest)> WatchAsync(ServerProcess server, CancellationToken over)
    {
        var (peak, slowest) = (0.0, TimeSpan.Zero);
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var watch = Stopwatch.StartNew();
            await server.Machines.GetStringAsync($"/boot/script?mac=5254{i % 1000:x8}&arch=x86_64", Ct);
            if (watch.Elapsed > slowest) slowest = watch.Elapsed;
            peak = Math.Max(peak, await SmallImage.MetricAsync(server.Machines, WorkingSet, Ct));
            await Task.Delay(50, Ct); // machines ask, they do not attack
        }
        return (peak, slowest);
    }

    private static async Task<string> ImportAsync(ServerProcess server, string file)
    {
        using var content = new StringContent(file, Encoding.UTF8, "text/csv");
        using var answer = await server.Admin.PostAsync("/api/v1/machines/import", content, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    private static string File(int from, int to)
    {
        var text = new StringBuilder("name,macs,serial,labels\n");
        for (var i = from; i < to; i++)
            text.Append(CultureInfo.InvariantCulture, $"m{i},5254{i:x8},SER{i:000000},rack=r{i % 8} room=a\n");
        return text.ToString();
    }
}
