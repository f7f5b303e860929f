using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// <c>files</c>: full files, 1 MiB ranges and a file of a thousand pieces by few and many connections: the product
/// beside nginx on the same file, in turns, so that what else the machine does hits all alike.
/// </summary>
internal static class FilesScenario
{
    private const int Rounds = 5;
    private const int MostWarmUps = 20;
    private const long FileLength = 400L << 20;
    private const long RangeLength = 1 << 20;
    private const double Compiled = 0.05; // less than so many seconds a turn
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(0.3);
    private static readonly int[] Connections = [1, 4, 64, 1000];

    private sealed record Case(string Body, int Connections, bool Ranges = false, bool Pieces = false)
    {
        /// <summary>Scattered over the file, every client elsewhere.</summary>
        public string? RangeOf(long request)
        {
            if (!Ranges) return null;
            var start = request * 7919 % (FileLength / RangeLength) * RangeLength;
            return string.Create(CultureInfo.InvariantCulture, $"bytes={start}-{start + RangeLength - 1}");
        }
    }

    private static IEnumerable<Case> Cases => [
        .. Connections.Select(connections => new Case("full file", connections)),
        .. Connections.Select(connections => new Case("1 MiB ranges", connections, Ranges: true)),
        new Case($"full, of {TestFile.Pieces:N0} pieces", 4, Pieces: true),
        new Case($"1 MiB ranges, of {TestFile.Pieces:N0} pieces", 4, Ranges: true, Pieces: true),
    ];

    /// <summary>Prints the table.</summary>
    public static async Task RunAsync(CancellationToken ct)
    {
        // The same bytes twice, because a data directory has one server.
        var (file, copy) = (await TestFile.CreateAsync(FileLength, ct), await TestFile.CreateAsync(FileLength, ct));
        try
        {
            await using var nginx = new NginxServer(file.Folder);
            await using var product = new ProductServer("zero-copy", file);
            await using var copying = new ProductServer("copying", copy, ("Http:ZeroCopy", "false"));
            Server[] servers = [nginx, product, copying];
            foreach (var server in servers) await server.StartAsync(ct);
            foreach (var server in servers) await WarmUpAsync(server, file, ct);
            Table.Head(Rounds, Window, [.. servers.Skip(1).Select(server => server.Name)]);
            foreach (var each in Cases)
            {
                var results = servers.Select(_ => new List<Result>()).ToArray();
                for (var round = 0; round < Rounds; round++)
                {
                    for (var i = 0; i < servers.Length; i++)
                        results[i].Add(await MeasureAsync(servers[i], file, each, ct));
                }
                Table.Row(each.Body, each.Connections, results);
            }
        }
        finally
        {
            Directory.Delete(file.Folder, recursive: true);
            Directory.Delete(copy.Folder, recursive: true);
        }
    }

    /// <summary>A server is measured as it runs from its first minute on: with its code compiled.</summary>
    private static async Task WarmUpAsync(Server server, TestFile file, CancellationToken ct)
    {
        var quiet = 0;
        for (var turns = 0; turns < MostWarmUps && quiet < 2; turns++)
        {
            var before = server.CompilingSeconds;
            await MeasureAsync(server, file, new Case("", turns % 2 == 0 ? 64 : 4, Ranges: turns % 4 < 3), ct);
            quiet = server.CompilingSeconds - before < Compiled ? quiet + 1 : 0;
        }
    }

    private static async Task<Result> MeasureAsync(Server server, TestFile file, Case each, CancellationToken ct)
    {
        var counters = new LoadCounters();
        var path = each.Pieces ? server.PathOfPieces(file) : server.PathOf(file);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var all = new LoadClients(server.Port, path, counters, each.RangeOf).RunAsync(each.Connections, end.Token);
        var began = Stopwatch.GetTimestamp();
        while (counters.Served < each.Connections && Stopwatch.GetElapsedTime(began) < LongestStart && !all.IsFaulted)
            await Task.Delay(10, ct);
        await Task.WhenAny(all, Task.Delay(Settling, ct));
        var (bytes, cpu, started) = (counters.Bytes, server.CpuSeconds, Stopwatch.GetTimestamp());
        await Task.WhenAny(all, Task.Delay(Window, ct));
        var received = counters.Bytes - bytes;
        var result = new Result(
            received / Stopwatch.GetElapsedTime(started).TotalSeconds, (server.CpuSeconds - cpu) / received);
        await end.CancelAsync();
        await all;
        await server.RestAsync(ct);
        return result;
    }
}
