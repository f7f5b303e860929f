using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Http.Bodies;

/// <summary>
/// The copying way, for TLS, HTTP/2, test servers and other systems: reads straight into the connection's own memory.
/// The steps grow while the client keeps up and shrink when it does not, so that a slow one holds little.
/// </summary>
internal sealed class CopyWire(PipeWriter body) : BodyWire
{
    private const int ShortestStep = 16 << 10;
    private const int LongestStep = 256 << 10;
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(20);

    private int _step = 4 * ShortestStep;
    private bool _over;

    public override bool IsZeroCopy => false;

    public override async ValueTask<int> SendAsync(SafeFileHandle file, long offset, long count)
    {
        ThrowIfOver();
        var step = (int)Math.Min(count, _step);
        var read = RandomAccess.Read(file, body.GetMemory(step).Span[..step], offset);
        if (read == 0) throw new EndOfStreamException();
        body.Advance(read);
        var started = Stopwatch.GetTimestamp();
        _over = (await body.FlushAsync()).IsCompleted;
        _step = Stopwatch.GetElapsedTime(started) < Prompt
            ? Math.Min(LongestStep, _step * 2)
            : Math.Max(ShortestStep, _step / 2);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        ThrowIfOver();
        _over = (await body.WriteAsync(bytes)).IsCompleted;
    }

    public override ValueTask FlushAsync() => default; // every step is flushed

    public override void Dispose()
    {
    }

    /// <summary>
    /// A completed flush says that the connection is gone and later bytes go nowhere. It is no failure yet: the last
    /// one may be completed by a client that has it all and closes.
    /// </summary>
    private void ThrowIfOver()
    {
        if (_over) throw new IOException("The connection is gone.");
    }
}
