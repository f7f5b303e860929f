using System.Globalization;
using NetbootServer.Archives;

namespace NetbootServer.Downloads;

/// <summary>
/// An answer's body as it comes from the network. Fails when no byte comes for <c>Images:StallTimeout</c>, when too few
/// come for <c>Images:RateWindow</c>, and when the connection breaks off; all of them as what may be tried again.
/// </summary>
internal sealed class PacedStream(Stream body, SourceLink link, SourcesOptions options,
    TimeProvider time) : ForwardStream
{
    private long _windowBegan = time.GetTimestamp();
    private long _windowBytes;

    public override int Read(Span<byte> buffer) =>
        throw new NotSupportedException("The network is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stall = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
        try
        {
            var read = await body.ReadAsync(buffer, either.Token);
            if (read > 0) Measure(read);
            return read;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SourceException(SourceProblems.TooSlow,
                $"{link} sent nothing for {Seconds(options.StallTimeout)} s.", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new SourceException(SourceProblems.Unreachable, $"The connection to {link} broke off: {Sentence(e)}",
                e);
        }
    }

    private void Measure(int read)
    {
        _windowBytes += read;
        var elapsed = time.GetElapsedTime(_windowBegan);
        if (elapsed < options.RateWindow) return;
        if (_windowBytes < options.MinBytesPerSecond * elapsed.TotalSeconds)
            throw new SourceException(SourceProblems.TooSlow,
                $"{link} sent {_windowBytes} bytes in {Seconds(elapsed)} s; " +
                $"fewer than {options.MinBytesPerSecond} a second (Images:MinBytesPerSecond) are not waited for.");
        (_windowBegan, _windowBytes) = (time.GetTimestamp(), 0);
    }

    internal static string Sentence(Exception e) => $"{(e.InnerException ?? e).Message.TrimEnd('.')}.";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    protected override void Dispose(bool disposing)
    {
        if (disposing) body.Dispose();
        base.Dispose(disposing);
    }
}
