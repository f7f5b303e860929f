using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// <c>files</c>: full files and 1 MiB ranges by few and many connections: the product beside nginx on the same file, in
/// turns, so that what else the machine does hits all alike.
/// </summary>
internal static class FilesScenario
{
    private const long FileLength = 400L << 20;
    private const long RangeLength = 1 << 20;
    private static readonly int[] Connections = [1, 4, 64, 1000];

    private sealed record Case(bool Ranges, int Connections)
    {
        public string Name => $"{(Ranges ? "1 MiB ranges" : "full file")}, {Connections} conn";

        /// <summary>Scattered over the file, every client elsewhere.</summary>
        public string? RangeOf(long request)
        {
            if (!Ranges) return null;
            var start = request * 7919 % (FileLength / RangeLength) * RangeLength;
            return string.Create(CultureInfo.InvariantCulture, $"bytes={start}-{start + RangeLength - 1}");
        }
    }

    private sealed record Result(double BytesPerSecond, double CpuPerByte);

    /// <summary>Prints the table.</summary>
    /// <param name="rounds">How often each server has its turn in each case.</param>
    /// <param name="window">How long a turn is measured, after half a second to get going.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task RunAsync(int rounds, TimeSpan window, CancellationToken ct)
    {
        // The same bytes twice, because a data directory has one server.
        var (file, copy) = (await TestFile.CreateAsync(FileLength, ct), await TestFile.CreateAsync(FileLength, ct));
        try
        {
            await using var nginx = new NginxServer(file);
            await using var product = new ProductServer("zero-copy", file);
            await using var copying = new ProductServer("copying", copy, ("Http:ZeroCopy", "false"));
            Server[] servers = [nginx, product, copying];
            foreach (var server in servers) await server.StartAsync(ct);
            Table.Head();
            foreach (var ranges in new[] { false, true })
            {
                foreach (var connections in Connections)
                    await CompareAsync(new Case(ranges, connections), servers, file, rounds, window, ct);
            }
        }
        finally
        {
            Directory.Delete(file.Folder, recursive: true);
            Directory.Delete(copy.Folder, recursive: true);
        }
    }

    private static async Task CompareAsync(
        Case each, Server[] servers, TestFile file, int rounds, TimeSpan window, CancellationToken ct)
    {
        var results = servers.Select(_ => new List<Result>()).ToArray();
        foreach (var server in servers) await MeasureAsync(server, file, each, window, ct); // to warm up
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < servers.Length; i++)
                results[i].Add(await MeasureAsync(servers[i], file, each, window, ct));
        }
        for (var i = 1; i < servers.Length; i++)
        {
            Table.Row(each.Name, servers[i].Name,
                Ratios.Of(results[i], results[0], result => result.BytesPerSecond),
                Ratios.Of(results[i], results[0], result => result.CpuPerByte),
                (results[0].Select(result => result.BytesPerSecond).Median(),
                    results[0].Select(result => result.CpuPerByte).Median()));
        }
    }

    private static async Task<Result> MeasureAsync(
        Server server, TestFile file, Case each, TimeSpan window, CancellationToken ct)
    {
        var counters = new LoadCounters();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var clients = Enumerable.Range(0, each.Connections)
            .Select(_ => new LoadClient(server.Port, server.PathOf(file), counters, each.RangeOf).RunAsync(end.Token))
            .ToList();
        await Task.WhenAny(Task.WhenAll(clients), Task.Delay(TimeSpan.FromSeconds(0.5), ct));
        var (bytes, cpu, started) = (counters.Bytes, server.CpuSeconds, Stopwatch.GetTimestamp());
        await Task.Delay(window, ct);
        var received = counters.Bytes - bytes;
        var result = new Result(
            received / Stopwatch.GetElapsedTime(started).TotalSeconds, (server.CpuSeconds - cpu) / received);
        await end.CancelAsync();
        await Task.WhenAll(clients);
        return result;
    }
}
