using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace NetbootServer.Benchmarks.Files;

/// <summary>A client's connection, and where it is in the answer to its last request. Bodies go nowhere.</summary>
internal sealed partial class LoadConnection : IDisposable
{
    private const int Step = 1 << 20;
    private const int Truncate = 0x20, DontWait = 0x40; // MSG_TRUNC, MSG_DONTWAIT
    private const int Interrupted = 4, WouldBlock = 11; // EINTR, EAGAIN

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _head = new byte[4096];
    private int _headLength;
    private long _left;

    public LoadConnection(int port)
    {
        _socket.NoDelay = true;
        _socket.Connect(IPAddress.Loopback, port);
    }

    public SafeSocketHandle Handle => _socket.SafeHandle;

    /// <summary>Requests sent so far.</summary>
    public int Requests { get; private set; }

    /// <summary>The head of the answer is here.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>All of the answer is here.</summary>
    public bool IsComplete => IsAnswered && _left == 0;

    /// <summary>Sends a request; the answer to the one before must be complete.</summary>
    public void Ask(string request)
    {
        _socket.Send(Encoding.ASCII.GetBytes(request));
        Requests++;
        (IsAnswered, _headLength, _left) = (false, 0, 0);
    }

    /// <summary>Takes what is there, without waiting.</summary>
    /// <returns>Bytes taken, 0 when there is nothing at the moment.</returns>
    public int Read()
    {
        var read = IsAnswered ? Discard((int)Math.Min(_left, Step)) : Receive(_head.AsSpan(_headLength));
        if (IsAnswered) _left -= read;
        else TakeHead(read);
        return read;
    }

    private void TakeHead(int read)
    {
        _headLength += read;
        var end = _head.AsSpan(0, _headLength).IndexOf("\r\n\r\n"u8);
        if (end < 0) return;
        var head = Encoding.ASCII.GetString(_head, 0, end);
        if (!head.StartsWith("HTTP/1.1 20", StringComparison.Ordinal)) throw new InvalidDataException(head);
        const string name = "Content-Length: ";
        var line = head.Split("\r\n").First(line => line.StartsWith(name, StringComparison.OrdinalIgnoreCase));
        _left = long.Parse(line[name.Length..], CultureInfo.InvariantCulture) - (_headLength - end - 4);
        IsAnswered = true;
    }

    private int Receive(Span<byte> into) => Received(recv(Handle, into, into.Length, DontWait));

    /// <summary>Throws bytes away inside the kernel; tcp(7).</summary>
    private int Discard(int most) => Received(recv(Handle, [], most, Truncate | DontWait));

    private static int Received(nint count) => count > 0 ? (int)count
        : count == 0 ? throw new EndOfStreamException("The server hung up.")
        : Marshal.GetLastPInvokeError() is WouldBlock or Interrupted ? 0
        : throw new SocketException(Marshal.GetLastPInvokeError());

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeHandle socket, Span<byte> buffer, nint length, int flags);
}
