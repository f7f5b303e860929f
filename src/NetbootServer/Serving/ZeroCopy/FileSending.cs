using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Serving.ZeroCopy;

/// <summary>
/// Sends ranges of files by sendfile(2). When the socket is full it waits without a thread: a few bytes are read and
/// sent by the socket's ordinary asynchronous send, which .NET completes when the socket takes bytes again, and the
/// rest follows by sendfile.
/// </summary>
internal sealed class FileSending(SocketOutput output)
{
    private const int BellLength = 64;
    private const int CopyLength = 64 << 10;
    private const int TcpLevel = 6; // IPPROTO_TCP
    private const int TcpCork = 3; // TCP_CORK: only full packets leave until it is taken off

    private static readonly byte[] On = [1, 0, 0, 0];
    private static readonly byte[] Off = [0, 0, 0, 0];

    private readonly Socket _socket = output.Socket;
    private byte[]? _bell;

    /// <summary>
    /// Sends at least one and at most <paramref name="count"/> bytes of a file, after all bytes before them.
    /// </summary>
    /// <returns>How many the socket has accepted.</returns>
    /// <exception cref="EndOfStreamException">The file has none at <paramref name="offset"/>.</exception>
    /// <exception cref="SocketException">The peer is gone.</exception>
    public ValueTask<int> SendAsync(SafeFileHandle file, long offset, int count)
    {
        var before = output.Unsent;
        if (!before.IsEmpty)
        {
            var accepted = Libc.SendMore(_socket.SafeHandle, before.Span);
            if (accepted > 0) output.Sent(accepted);
            if (accepted < before.Length) return SendAfterFlushAsync(file, offset, count);
        }
        var sent = Libc.SendFile(_socket.SafeHandle, file, offset, count);
        return sent > 0 ? new((int)sent) : sent == -Libc.WouldBlock
            ? RingAsync(file, offset, count)
            : SendOtherwiseAsync(file, offset, count, sent);
    }

    private async ValueTask<int> SendAfterFlushAsync(SafeFileHandle file, long offset, int count)
    {
        await FlushAsync();
        return await SendAsync(file, offset, count);
    }

    /// <summary>Hands everything appended to the socket.</summary>
    public async ValueTask FlushAsync()
    {
        if ((await output.FlushAsync(CancellationToken.None)).IsCompleted)
            throw new SocketException((int)SocketError.ConnectionReset);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> RingAsync(SafeFileHandle file, long offset, int count)
    {
        _bell ??= new byte[BellLength];
        var read = RandomAccess.Read(file, _bell.AsSpan(0, Math.Min(count, BellLength)), offset);
        if (read == 0) throw new EndOfStreamException();
        for (var rung = 0; rung < read;) rung += await _socket.SendAsync(_bell.AsMemory(rung, read - rung));
        if (read == count) return read;
        var sent = Libc.SendFile(_socket.SafeHandle, file, offset + read, count - read);
        return read + (int)Math.Max(0, sent); // an error shows again at the next call
    }

    /// <summary>At the end of the file, when the connection is lost, and on file systems without splicing.</summary>
    private async ValueTask<int> SendOtherwiseAsync(SafeFileHandle file, long offset, int count, long error)
    {
        if (error == 0) throw new EndOfStreamException();
        if (error != -Libc.InvalidArgument) throw new SocketException((int)SocketError.ConnectionReset);
        var buffer = ArrayPool<byte>.Shared.Rent(CopyLength);
        try
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, Math.Min(count, CopyLength)), offset);
            if (read == 0) throw new EndOfStreamException();
            for (var sent = 0; sent < read;) sent += await _socket.SendAsync(buffer.AsMemory(sent, read - sent));
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lets only full packets leave, while a body of many small pieces is being sent.</summary>
    public void Cork(bool on) => _socket.SetRawSocketOption(TcpLevel, TcpCork, on ? On : Off);
}
