using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// The copying way, for TLS, HTTP/2, test servers and other systems: reads straight into the connection's own memory.
/// The steps grow while the client keeps up and shrink when it does not, so that a slow one holds little.
/// </summary>
internal sealed class CopyingBodyWriter : FileBodyWriter
{
    private const int ShortestStep = 16 << 10;
    private const int LongestStep = 256 << 10;
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(20);

    private readonly PipeWriter _body;
    private int _step = 4 * ShortestStep;
    private bool _over;

    private CopyingBodyWriter(PipeWriter body) => _body = body;

    public static CopyingBodyWriter Over(HttpContext http)
    {
        // Kestrel does not count what is written by GetMemory and Advance, so that its own minimum rate would cut every
        // client that takes more than its grace for one step. TransferWatch sees who takes nothing.
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        return new CopyingBodyWriter(http.Response.BodyWriter);
    }

    public override bool IsZeroCopy => false;

    public override async ValueTask<int> SendAsync(SafeFileHandle file, long offset, long count)
    {
        ThrowIfOver();
        var step = (int)Math.Min(count, _step);
        var read = RandomAccess.Read(file, _body.GetMemory(step).Span[..step], offset);
        if (read == 0) throw new EndOfStreamException();
        _body.Advance(read);
        var started = Stopwatch.GetTimestamp();
        _over = (await _body.FlushAsync()).IsCompleted;
        _step = Stopwatch.GetElapsedTime(started) < Prompt
            ? Math.Min(LongestStep, _step * 2)
            : Math.Max(ShortestStep, _step / 2);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        ThrowIfOver();
        _over = (await _body.WriteAsync(bytes)).IsCompleted;
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
