using Microsoft.AspNetCore.Http;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Tests.Blobs;

/// <summary>Stands in for the folder that knows boots.</summary>
internal sealed class FakeBoots : IBootTransfers
{
    /// <summary>What counts a transfer, by boot, file, offset and length.</summary>
    public Func<string, string, long, long, TransferMeter?> Meter { get; init; } = (_, _, _, _) => null;

    /// <summary>Finds a boot by its token and the file.</summary>
    public Func<string, string, RecognizedBoot?> Known { get; init; } = (_, _) => null;

    /// <summary>The boots that were queued, with their places.</summary>
    public List<(string Boot, int Place)> Waiting { get; } = [];

    public TransferMeter? Begin(
        HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length) =>
        Meter(boot, file, offset, length);

    public RecognizedBoot? Recognize(string boot, string file) => Known(boot, file);

    public void Queued(RecognizedBoot boot, int place, TimeSpan retryAfter) => Waiting.Add((boot.Id, place));
}
