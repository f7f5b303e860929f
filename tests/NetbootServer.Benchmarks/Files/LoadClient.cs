using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace NetbootServer.Benchmarks.Files;

/// <summary>
/// One keep-alive connection that asks again and again and throws the bodies away inside the kernel, so that the client
/// costs as little as possible of the processor it shares with the server.
/// </summary>
internal sealed partial class LoadClient(int port, string path, LoadCounters counters, Func<long, string?> range)
{
    private const int Truncate = 0x20, DontWait = 0x40, WouldBlock = 11; // MSG_TRUNC, MSG_DONTWAIT, EAGAIN
    private const int Step = 1 << 20;
    private static readonly byte[] Nowhere = GC.AllocateUninitializedArray<byte>(Step, pinned: true);

    private readonly byte[] _head = new byte[4096];

    public async Task RunAsync(CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        await socket.ConnectAsync(IPAddress.Loopback, port, ct);
        try
        {
            for (var first = true; !ct.IsCancellationRequested; first = false)
            {
                var extra = range(counters.NextRequest()) is { } value ? $"Range: {value}\r\n" : "";
                var request = $"GET {path} HTTP/1.1\r\nHost: bench\r\n{extra}\r\n";
                await socket.SendAsync(Encoding.ASCII.GetBytes(request), ct);
                var left = await ReadHeadAsync(socket, ct);
                if (first) counters.ServedFirst();
                await DiscardAsync(socket, left, ct);
                counters.Answered();
            }
        }
        catch (OperationCanceledException)
        {
            // the measurement is over
        }
    }

    /// <summary>Reads status and headers; answers how much of the body is still to come.</summary>
    private async Task<long> ReadHeadAsync(Socket socket, CancellationToken ct)
    {
        for (var count = 0; ;)
        {
            var read = await socket.ReceiveAsync(_head.AsMemory(count), ct);
            if (read == 0) throw new EndOfStreamException();
            count += read;
            var end = _head.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
            if (end < 0) continue;
            var head = Encoding.ASCII.GetString(_head, 0, end);
            if (!head.StartsWith("HTTP/1.1 20", StringComparison.Ordinal)) throw new InvalidDataException(head);
            var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase) + 16;
            var length = long.Parse(head.AsSpan(at).Split('\r') is var lines && lines.MoveNext()
                ? head.AsSpan(at)[lines.Current]
                : default);
            var body = count - end - 4;
            counters.Received(body);
            return length - body;
        }
    }

    private async Task DiscardAsync(Socket socket, long left, CancellationToken ct)
    {
        for (var run = 0; left > 0;)
        {
            var read = (int)recv(socket.SafeHandle, Nowhere, (nint)Math.Min(left, Step), Truncate | DontWait);
            if (read > 0)
            {
                left -= read;
                counters.Received(read);
                if ((run += read) < 4 * Step) continue;
                await Task.Yield();
            }
            else if (read < 0 && Marshal.GetLastPInvokeError() == WouldBlock)
            {
                await socket.ReceiveAsync(Memory<byte>.Empty, ct); // until there is something
            }
            else
            {
                throw new EndOfStreamException();
            }
            run = 0;
            ct.ThrowIfCancellationRequested();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeHandle socket, byte[] buffer, nint length, int flags);
}

/// <summary>What all connections of a measurement have received.</summary>
internal sealed class LoadCounters
{
    private long _bytes, _requests, _answers;
    private int _served;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many connections have been answered at least once.</summary>
    public int Served => Volatile.Read(ref _served);

    public long Answers => Volatile.Read(ref _answers);
    public long NextRequest() => Interlocked.Increment(ref _requests);
    public void Received(long bytes) => Interlocked.Add(ref _bytes, bytes);
    public void ServedFirst() => Interlocked.Increment(ref _served);
    public void Answered() => Interlocked.Increment(ref _answers);
}
