using NetbootServer.Hosting;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// What a download that says it belongs to a boot (<c>?boot=</c>) means to those who know boots. All of them may be
/// absent; then it is a download like any other.
/// </summary>
internal sealed class BootTransfers(DownloadQueue line,
    TransferStarting? starting = null, BootRecognizing? recognizing = null, BootQueued? queued = null)
{
    /// <summary>What is to be done when the first byte is about to leave.</summary>
    public Func<long, long, BodyStart> Of(HttpContext http, string boot, string file, Sha256Digest digest)
    {
        // Only those who ask for all of it stand in line: iPXE asks again by itself, what resumes a download may not.
        var mayWait = line.IsLimited && http.Request.Headers.Range.Count == 0;
        return (offset, length) =>
        {
            var admission = mayWait && recognizing?.Invoke(boot, file) is { } known ? Enter(http, known, file)
                : default;
            if (admission.Place > 0)
                return BodyStart.Later("Too many boots are downloading; this one stands in line.",
                    admission.RetryAfter);
            var meter = starting?.Invoke(http, boot, file, digest, offset, length);
            if (admission.Seat is { } seat) seat.Meter = meter;
            return new BodyStart(meter, admission.Seat);
        };
    }

    private Admission Enter(HttpContext http, RecognizedBoot boot, string file)
    {
        var admission = line.Enter(boot.Id, boot.Machine, ClientAddress.TextOf(http));
        if (admission.Place > 0) queued?.Invoke(boot.Id, file, admission.Place, admission.RetryAfter);
        return admission;
    }
}
