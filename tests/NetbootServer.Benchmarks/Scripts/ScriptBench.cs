using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using NetbootServer.Benchmarks.Files;

namespace NetbootServer.Benchmarks.Scripts;

/// <summary>
/// <c>scripts</c>: <c>/boot/script</c> from a catalog of 100,000 machines and 50 profiles. A script's making alone;
/// the start and the first request; latency and the server's CPU for each request, boot log and request log included;
/// memory over many of them; and requests per second beside nginx, which answers a fixed text of the same length.
/// </summary>
internal static class ScriptBench
{
    private const int Machines = 100_000, Profiles = 50, Connections = 4;
    private const int WarmUp = 30_000, Known = 30_000, MemoryRounds = 8, NginxRounds = 7, NginxRequests = 20_000;

    public static async Task RunAsync(CancellationToken ct)
    {
        var directory = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            await ScriptCatalog.MakeAsync(directory, Machines, Profiles, ct);
            Console.WriteLine($"\n/boot/script, {Machines:N0} machines, {Profiles} profiles, {Connections} " +
                $"connections, " +
                $"{Environment.ProcessorCount} cores shared with the client, loopback");
            await PlanBench.RunAsync(directory, ct);
            var began = Stopwatch.StartNew();
            await using var server = await BenchServer.StartAsync(directory, ct);
            Console.WriteLine("\n| start and first request | |\n|---|---|");
            Console.WriteLine($"| from the start to the welcome | {began.Elapsed.TotalSeconds:0.00} s |");
            var first = Stopwatch.StartNew();
            await AskAsync(server.Url, [RequestOf(server.Url, 1)], ct);
            Console.WriteLine($"| first request of all | {first.Elapsed.TotalMilliseconds:0.0} ms |");
            Console.WriteLine("\n| requests, all logs included | a second | p50 | p99 | CPU each | memory after | " +
                "threads |\n|---|---|---|---|---|---|---|");
            await MeasureAsync(server, $"first {WarmUp:N0}", 1, WarmUp, ct);
            await MeasureAsync(server, "machine not in the cache", WarmUp + 1, Known, ct);
            for (var round = 1; round <= MemoryRounds; round++)
                await MeasureAsync(server, "machine in the cache", WarmUp + 1, Known, ct);
            await CompareAsync(server, ct);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(BenchServer server, string name, int from, int count, CancellationToken ct)
    {
        var cpu = server.CpuSeconds;
        var watch = Stopwatch.StartNew();
        var latencies = await LoadAsync(server.Url, Enumerable.Range(from, count)
            .Select(i => RequestOf(server.Url, i)), ct);
        var rate = count / watch.Elapsed.TotalSeconds;
        Array.Sort(latencies);
        Console.WriteLine($"| {name} | {rate:0} | {At(0.5):0} µs | {At(0.99):0} µs | " +
            $"{(server.CpuSeconds - cpu) / count * 1e6:0} µs | " +
            $"{server.ResidentMiB:0} MiB | {server.Threads} |");

        double At(double share) => latencies[(int)(share * (latencies.Length - 1))];
    }

    /// <summary>Requests per second in turns with nginx, which has one file: the script's text.</summary>
    private static async Task CompareAsync(BenchServer server, CancellationToken ct)
    {
        var script = await new HttpClient()
            .GetByteArrayAsync(new Uri(server.Url, "/boot/script" + ScriptCatalog.QueryOf(1)), ct);
        var folder = Directory.CreateTempSubdirectory("netboot-bench-").FullName;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "script"), script, ct);
            await using var nginx = new NginxServer(folder);
            await nginx.StartAsync(ct);
            var address = new Uri($"http://127.0.0.1:{nginx.Port}/");
            var fixedText = Request(address, "/script");
            var ours = Enumerable.Range(WarmUp + 1, NginxRequests).Select(i => RequestOf(server.Url, i)).ToList();
            var (rates, theirs) = (new List<(double Rate, double Cpu)>(), new List<(double Rate, double Cpu)>());
            for (var round = 0; round < NginxRounds; round++)
            {
                rates.Add(await RateAsync(server.Url, ours, () => server.CpuSeconds, ct));
                theirs.Add(await RateAsync(address, [.. Enumerable.Repeat(fixedText, NginxRequests)], () =>
                    nginx.CpuSeconds, ct));
            }
            var (rate, cpu) = (Ratios.Of(rates, theirs, each => each.Rate), Ratios.Of(rates, theirs, each => each.Cpu));
            Console.WriteLine($"\n| beside nginx with a fixed text of {script.Length} bytes | × nginx, median " +
                $"(lowest–highest of {NginxRounds}) | ours | nginx |\n|---|---|---|---|");
            Console.WriteLine($"| requests a second | {rate.Middle:0.00} ({rate.Lowest:0.00}–{rate.Highest:0.00}) | " +
                $"{rates.Select(each => each.Rate).Median():0} | {theirs.Select(each => each.Rate).Median():0} |");
            Console.WriteLine($"| CPU each | {cpu.Middle:0.0} ({cpu.Lowest:0.0}–{cpu.Highest:0.0}) | " +
                $"{rates.Select(each => each.Cpu).Median():0} µs | {theirs.Select(each => each.Cpu).Median():0} µs |");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Rate, double Cpu)> RateAsync(
        Uri url, IReadOnlyCollection<byte[]> requests, Func<double> cpuSeconds, CancellationToken ct)
    {
        var (cpu, watch) = (cpuSeconds(), Stopwatch.StartNew());
        await LoadAsync(url, requests, ct);
        return (requests.Count / watch.Elapsed.TotalSeconds, (cpuSeconds() - cpu) / requests.Count * 1e6);
    }

    private static async Task<double[]> LoadAsync(Uri url, IEnumerable<byte[]> requests, CancellationToken ct)
    {
        var all = requests.ToArray();
        return [.. (await Task.WhenAll(all.Chunk((all.Length + Connections - 1) / Connections)
            .Select(part => AskAsync(url, part, ct)))).SelectMany(part => part)];
    }

    private static byte[] RequestOf(Uri url, int machine) =>
        Request(url, "/boot/script" + ScriptCatalog.QueryOf(machine));

    private static byte[] Request(Uri url, string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\n" +
        $"Connection: keep-alive\r\nUser-Agent: iPXE/1.21.1\r\nHost: {url.Authority}\r\n\r\n");

    /// <summary>One keep-alive connection, one request after the other; latencies in µs.</summary>
    private static async Task<double[]> AskAsync(Uri url, byte[][] requests, CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host, url.Port, ct);
        var (latencies, buffer) = (new double[requests.Length], new byte[16 * 1024]);
        for (var i = 0; i < requests.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(requests[i], ct);
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
            if (want == int.MaxValue) want = LengthOf(buffer.AsSpan(0, have)) ?? want;
            if (have >= want && buffer.AsSpan(0, have).IndexOf("\nkernel --name"u8) < 0)
                throw new InvalidDataException(Encoding.ASCII.GetString(buffer, 0, have));
        }
    }

    /// <summary>Bytes of the whole answer; null before its head is there.</summary>
    private static int? LengthOf(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0) return null;
        var value = answer[(answer.IndexOf("Content-Length: "u8) + 16)..];
        return end + 4 + int.Parse(value[..value.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
