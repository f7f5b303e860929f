using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.Benchmarks.Scripts;

/// <summary>
/// <c>/boot/script</c> from a catalog of 100,000 machines and 50 profiles: latency and the server's CPU for each
/// request, for machines that the cache does not know yet and for those it does, and the memory of it all.
/// </summary>
internal static class ScriptBench
{
    private const int Machines = 100_000, Profiles = 50, Requests = 60_000, Connections = 4;

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            await ScriptCatalog.MakeAsync(directory, Machines, Profiles, ct);
            await PlanBench.RunAsync(directory, ct);
            await using (var idle = await BenchServer.StartAsync(directory, ct))
            {
                Console.WriteLine($"\n/boot/script, {Machines:N0} machines, {Profiles} profiles, {Connections} connections, loopback");
                Console.WriteLine($"  memory after the start        {idle.ResidentMiB,8:F0} MiB, {idle.Threads} threads");
                var first = Stopwatch.StartNew();
                await AskAsync(idle.Url, [1], ct);
                Console.WriteLine($"  first request of all          {first.Elapsed.TotalMilliseconds,8:F1} ms");
                await MeasureAsync(idle, "warm-up", Numbers(30_000, 1), ct);
                await MeasureAsync(idle, "machines not in the cache", Numbers(Requests, 35_000), ct);
                await MeasureAsync(idle, "machines in the cache", Numbers(Requests, 35_000), ct);
                Console.WriteLine($"  memory after all              {idle.ResidentMiB,8:F0} MiB, {idle.Threads} threads");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int[] Numbers(int count, int from) => [.. Enumerable.Range(from, count)];

    private static async Task MeasureAsync(BenchServer server, string name, int[] machines, CancellationToken ct)
    {
        var cpu = server.CpuSeconds;
        var watch = Stopwatch.StartNew();
        var latencies = (await Task.WhenAll(machines.Chunk(machines.Length / Connections)
            .Select(part => AskAsync(server.Url, part, ct)))).SelectMany(part => part).Order().ToArray();
        var used = (server.CpuSeconds - cpu) / machines.Length * 1e6;
        Console.WriteLine($"  {name,-28}  {machines.Length / watch.Elapsed.TotalSeconds,8:F0} /s   p50 {At(0.5):F0} µs   " +
            $"p99 {At(0.99):F0} µs   CPU {used:F0} µs each, boot log included");

        double At(double share) => latencies[(int)(share * (latencies.Length - 1))];
    }

    /// <summary>One keep-alive connection, one request after the other; latencies in µs.</summary>
    private static async Task<double[]> AskAsync(Uri url, int[] machines, CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host, url.Port, ct);
        var (latencies, buffer) = (new double[machines.Length], new byte[16 * 1024]);
        for (var i = 0; i < machines.Length; i++)
        {
            var mac = ScriptCatalog.MacOf(machines[i]).Hyphened;
            var request = Encoding.ASCII.GetBytes($"GET /boot/script?mac={mac}&uuid=&serial=SN{machines[i]}&arch=i386&platform=pcbios" +
                $"&manufacturer=ACME&product=Bench HTTP/1.1\r\nConnection: keep-alive\r\nUser-Agent: iPXE/1.21.1\r\nHost: {url.Authority}\r\n\r\n");
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request, ct);
            await ReadAnswerAsync(socket, buffer, ct);
            latencies[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        return latencies;
    }

    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer, CancellationToken ct)
    {
        for (int have = 0, want = int.MaxValue; have < want;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(have), ct);
            if (read == 0) throw new IOException("The server closed the connection.");
            have += read;
            var text = Encoding.ASCII.GetString(buffer, 0, have);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0 || want != int.MaxValue) continue;
            if (!text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) || !text.Contains("kernel --name", StringComparison.Ordinal) && have > 2000)
                throw new InvalidDataException(text);
            var length = text.Split("Content-Length: ")[1].Split('\r')[0];
            want = end + 4 + int.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
