using NetbootServer.Hosting;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// Admits downloads that name a boot (<c>?boot=</c>): some at once, the others queue. Without
/// <see cref="IBootTransfers"/> they are downloads like any other.
/// </summary>
internal sealed class BootDownloads(DownloadQueue queue, IBootTransfers? boots = null)
{
    /// <summary>What happens when the first byte is about to leave.</summary>
    public Func<long, long, BodyStart> Of(HttpContext http, string boot, string file, Sha256Digest digest)
    {
        // Only a request for the whole file queues: iPXE asks again by itself, a client that resumes may not.
        var mayWait = queue.IsLimited && http.Request.Headers.Range.Count == 0;
        return (offset, length) =>
        {
            var admission = mayWait && boots?.Recognize(boot, file) is { } known ? Enter(http, known) : default;
            if (admission.Place > 0)
                return BodyStart.Later("Too many boots are downloading; this one stands in line.",
                    admission.RetryAfter);
            var meter = boots?.Begin(http, boot, file, digest, offset, length);
            if (admission.Seat is { } seat) seat.Meter = meter;
            return new BodyStart(meter, admission.Seat);
        };
    }

    private Admission Enter(HttpContext http, RecognizedBoot boot)
    {
        var admission = queue.Enter(boot.Id, boot.Machine, ClientAddress.TextOf(http));
        if (admission.Place > 0) boots?.Queued(boot, admission.Place, admission.RetryAfter);
        return admission;
    }
}
