using NetbootServer.Archives;

namespace NetbootServer.Images;

/// <summary>
/// An upload's body as it arrives. While it does, nothing is collected: a sender that is gone without a word must not
/// hold that up for ever, so reading fails when no byte comes for so long.
/// </summary>
/// <param name="body">The request's body.</param>
/// <param name="patience">How long; zero for ever.</param>
/// <param name="time">The clock.</param>
internal sealed class UploadBody(Stream body, TimeSpan patience, TimeProvider time) : ForwardStream
{
    private readonly CancellationTokenSource _stall = new(Timeout.InfiniteTimeSpan, time);

    public override int Read(Span<byte> buffer) =>
        throw new NotSupportedException("The network is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (patience == TimeSpan.Zero) return await body.ReadAsync(buffer, cancellationToken);
        _stall.CancelAfter(patience);
        using var gone = cancellationToken.UnsafeRegister(static stall => ((CancellationTokenSource)stall!).Cancel(),
            _stall);
        try
        {
            return await body.ReadAsync(buffer, _stall.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no byte came for {patience.TotalSeconds:0} s (Http:StallTimeout).", e);
        }
        finally
        {
            _stall.CancelAfter(Timeout.InfiniteTimeSpan); // what the bytes are put to may take its time
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _stall.Dispose();
        base.Dispose(disposing);
    }
}
