using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// <c>slow-clients</c>: what 10,000 downloads that hardly move cost the server in memory and threads, and how much of
/// its speed a fast client keeps beside them.
/// </summary>
internal static class SlowClientsScenario
{
    private const int TcpLevel = 6, MaximumSegment = 2; // IPPROTO_TCP, TCP_MAXSEG
    private const int Count = 10_000;
    private const long FileLength = 200L << 20;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CancellationToken ct)
    {
        var (file, copy) = (await TestFile.CreateAsync(FileLength, ct), await TestFile.CreateAsync(FileLength, ct));
        try
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

                ### {Count:N0} slow downloads at once

                {Machine.Describe()}. Each takes at most 1 KiB a second; memory is what the server holds for each beside
                files and kernel buffers. A fast client beside them is compared with itself alone. What is left a few
                seconds after all have vanished is garbage not yet collected.

                """));
            Console.WriteLine("| server | memory each | threads | descriptors | fast client beside them (alone) | " +
            "left after |");
            Console.WriteLine("|---|---|---|---|---|---|");
            await using var nginx = new NginxServer(file.Folder);
            await using var product = new ProductServer("zero-copy", file);
            await using var copying = new ProductServer("copying", copy, ("Http:ZeroCopy", "false"));
            foreach (var server in new Server[] { nginx, product, copying })
            {
                await server.StartAsync(ct);
                await RunAsync(server, file, ct);
            }
        }
        finally
        {
            Directory.Delete(file.Folder, recursive: true);
            Directory.Delete(copy.Folder, recursive: true);
        }
    }

    private static async Task RunAsync(Server server, TestFile file, CancellationToken ct)
    {
        await SpeedAsync(server, file, ct); // to warm up
        var alone = await SpeedAsync(server, file, ct);
        var before = server.Memory.AnonymousBytes;
        var sockets = new List<Socket>();
        for (var i = 0; i < Count; i++) sockets.Add(await AskAsync(server, file, ct));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadSlowlyAsync(sockets, end.Token);
        await Task.Delay(TimeSpan.FromSeconds(5), ct);
        var (memory, threads) = server.Memory;
        var descriptors = server.Descriptors;
        var beside = await SpeedAsync(server, file, ct);
        await end.CancelAsync();
        await reading;
        sockets.ForEach(socket => socket.Dispose());
        await Task.Delay(TimeSpan.FromSeconds(5), ct);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {server.Name} | {(memory - before) / 1024.0 / Count:0.0} KiB | {threads} | {descriptors} | " +
            $"{beside / 1e9:0.0} GB/s ({alone / 1e9:0.0}) | {(server.Memory.AnonymousBytes - before) / 1048576.0:0} " +
            $"MiB, " +
            $"{server.Descriptors} descriptors |"));
    }

    private static async Task<double> SpeedAsync(Server server, TestFile file, CancellationToken ct)
    {
        var counters = new LoadCounters();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var client = new LoadClients(server.Port, server.PathOf(file), counters, _ => null).RunAsync(1, end.Token);
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(Window, ct);
        var speed = counters.Bytes / Stopwatch.GetElapsedTime(started).TotalSeconds;
        await end.CancelAsync();
        await client;
        return speed;
    }

    private static async Task<Socket> AskAsync(Server server, TestFile file, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveBufferSize = 4096;
        // Segments as on Ethernet: by loopback's of 64 KiB the kernel gives each sender megabytes of buffer.
        socket.SetRawSocketOption(TcpLevel, MaximumSegment, BitConverter.GetBytes(1460));
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {server.PathOf(file)} HTTP/1.1\r\nHost: b\r\n\r\n"), ct);
        return socket;
    }

    /// <summary>Takes a little of each, round and round.</summary>
    private static async Task ReadSlowlyAsync(List<Socket> sockets, CancellationToken ct)
    {
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                foreach (var socket in sockets.Where(socket => socket.Available > 0))
                    await socket.ReceiveAsync(buffer, ct);
                await Task.Delay(1000, ct);
            }
        }
        catch (OperationCanceledException)
        {
            // enough
        }
    }
}
