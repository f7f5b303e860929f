using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace NetbootServer.Serving.ZeroCopy;

/// <summary>
/// The output of a connection written straight to its socket, in place of Kestrel's pipe and its send loop. Nothing
/// lies between a finished flush and the kernel, so a file may follow by <see cref="FileSending"/>.
/// </summary>
/// <remarks>Kestrel writes under a lock of its own and never while a flush is under way.</remarks>
internal sealed class SocketOutput(Socket socket) : PipeWriter, IDisposable
{
    private const int SmallestBuffer = 4096;

    private static readonly byte[] Scratch = GC.AllocateUninitializedArray<byte>(SmallestBuffer);

    private byte[]? _buffer;
    private int _count;
    private bool _armed;
    private bool _reached;
    private bool _canceled;
    private volatile bool _failed;

    public Socket Socket => socket;

    /// <summary>Bytes written and not yet handed to the socket.</summary>
    public ReadOnlyMemory<byte> Unsent => _buffer.AsMemory(0, _count);

    public override bool CanGetUnflushedBytes => true;
    public override long UnflushedBytes => _count;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_armed)
        {
            _reached = true;
            return sizeHint <= Scratch.Length ? Scratch : new byte[sizeHint];
        }
        Grow(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_count);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void Grow(int room)
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(room, SmallestBuffer));
        }
        else if (_buffer.Length - _count < room)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_count + room, _buffer.Length * 2));
            _buffer.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    public override void Advance(int bytes)
    {
        if (!_armed) _count += bytes; // armed: the bytes have gone another way, the caller only counts them
    }

    /// <summary>Adds bytes in order, armed or not.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Grow(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_count));
        _count += bytes.Length;
    }

    /// <summary>
    /// From here until <see cref="Disarm"/> what is written through <paramref name="body"/> is only counted. False when
    /// that writer does not lead here directly; then nothing has happened.
    /// </summary>
    public bool TryArm(PipeWriter body)
    {
        if (_failed) return false;
        (_armed, _reached) = (true, false);
        body.GetMemory(1);
        return _armed = _reached;
    }

    public void Disarm() => _armed = false;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_failed) return new(new FlushResult(isCanceled: false, isCompleted: true));
        if (_count == 0) return new(Done());
        try
        {
            var (buffer, count) = TakeBuffer();
            var sending = socket.SendAsync(buffer.AsMemory(0, count), SocketFlags.None, cancellationToken);
            var sent = sending.IsCompletedSuccessfully ? sending.Result : 0;
            return sent == count
                ? new(Done(buffer))
                : FinishAsync(sent > 0 ? new(sent) : sending, buffer, count, cancellationToken);
        }
        catch (Exception e) when (IsConnectionLost(e))
        {
            return new(Fail());
        }
    }

    private (byte[] Buffer, int Count) TakeBuffer()
    {
        var taken = (_buffer!, _count);
        (_buffer, _count) = (null, 0);
        return taken;
    }

    private FlushResult Done(byte[] buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        return Done();
    }

    private FlushResult Done()
    {
        var canceled = _canceled;
        _canceled = false;
        return new(canceled, isCompleted: false);
    }

    private async ValueTask<FlushResult> FinishAsync(
        ValueTask<int> sending, byte[] buffer, int count, CancellationToken ct)
    {
        try
        {
            for (var sent = await sending; sent < count;)
                sent += await socket.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, ct);
            return Done();
        }
        catch (Exception e) when (IsConnectionLost(e))
        {
            return Fail();
        }
        catch (OperationCanceledException)
        {
            Fail(); // perhaps half sent; Kestrel ends the connection when a write is given up
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Bytes at the front of <see cref="Unsent"/> have been handed to the socket.</summary>
    public void Sent(int bytes)
    {
        _count -= bytes;
        if (_count > 0) _buffer.AsSpan(bytes, _count).CopyTo(_buffer);
        else ReturnBuffer();
    }

    public FlushResult Fail()
    {
        _failed = true;
        ReturnBuffer();
        return new(isCanceled: false, isCompleted: true);
    }

    /// <summary>The peer is gone, or the server has closed the connection.</summary>
    public static bool IsConnectionLost(Exception e) => e is SocketException or ObjectDisposedException;

    /// <summary>Applies to the next flush; one in progress ends when the socket has taken its bytes.</summary>
    public override void CancelPendingFlush() => _canceled = true;

    public override void Complete(Exception? exception = null)
    {
    }

    public void Dispose()
    {
        _failed = true;
        ReturnBuffer();
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer) ArrayPool<byte>.Shared.Return(buffer);
        (_buffer, _count) = (null, 0);
    }
}
