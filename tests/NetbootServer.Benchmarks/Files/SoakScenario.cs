using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// <c>files-soak</c>: minutes of full files, ranges, and clients that vanish at any point; memory, threads and
/// descriptors of the server after each round, which must come to rest.
/// </summary>
internal static class SoakScenario
{
    private const int Rounds = 8;
    private const long FileLength = 100L << 20;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(CancellationToken ct)
    {
        var file = await TestFile.CreateAsync(FileLength, ct);
        try
        {
            await using var server = new ProductServer("zero-copy", file);
            await server.StartAsync(ct);
            Console.WriteLine("\n| soak | GB served | answers | vanished | memory | threads | descriptors |");
            Console.WriteLine("|---|---|---|---|---|---|---|");
            for (var round = 1; round <= Rounds; round++) await RunAsync(server, file, round, ct);
        }
        finally
        {
            Directory.Delete(file.Folder, recursive: true);
        }
    }

    private static async Task RunAsync(Server server, TestFile file, int round, CancellationToken ct)
    {
        var counters = new LoadCounters();
        var vanished = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        end.CancelAfter(Round);
        var clients = new LoadClients(server.Port, server.PathOf(file), counters,
            request => request % 2 == 0 ? null : Range(request, file)).RunAsync(32, end.Token);
        await Task.WhenAll([clients, .. Enumerable.Range(0, 16).Select(VanishAsync)]);
        await Task.Delay(TimeSpan.FromSeconds(2), ct);
        var (memory, threads) = server.Memory;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {round} | {counters.Bytes / 1e9:0} | {counters.Answers} | {vanished} | {memory / 1048576} MiB | " +
            $"{threads} | {server.Descriptors} |"));

        async Task VanishAsync(int seed)
        {
            var random = new Random(seed + round * 100);
            var buffer = new byte[1 << 20];
            var request = Encoding.ASCII.GetBytes($"GET {server.PathOf(file)} HTTP/1.1\r\nHost: b\r\n\r\n");
            while (!end.IsCancellationRequested)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, server.Port, ct);
                if (random.Next(2) == 0) socket.LingerState = new LingerOption(true, 0); // vanish with a reset
                await socket.SendAsync(request, ct);
                for (var left = random.Next(20 << 20); left > 0;)
                    left -= await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), ct);
                Interlocked.Increment(ref vanished);
            }
        }
    }

    private static string Range(long request, TestFile file)
    {
        var start = request * 7919 * 4096 % (file.Length - 300_000);
        return string.Create(CultureInfo.InvariantCulture, $"bytes={start}-{start + 1 + request * 131 % 300_000}");
    }
}
