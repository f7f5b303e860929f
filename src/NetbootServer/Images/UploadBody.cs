using NetbootServer.Images.Sources.Nars;

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
    public override int Read(Span<byte> buffer) =>
        throw new NotSupportedException("The network is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (patience == TimeSpan.Zero) return await body.ReadAsync(buffer, cancellationToken);
        using var stall = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
        try
        {
            return await body.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no byte came for {patience.TotalSeconds:0} s (Http:StallTimeout).", e);
        }
    }
}
