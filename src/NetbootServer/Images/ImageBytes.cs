using NetbootServer.Blobs;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Images;

/// <summary>Answers an artifact's bytes under a mutable name.</summary>
internal sealed class ImageBytes(BlobIndex blobs, AbsentBytes absent)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>The bytes, or why they are away for now.</summary>
    /// <param name="image">The image.</param>
    /// <param name="version">Its version.</param>
    /// <param name="artifact">An artifact of the version.</param>
    /// <param name="modified">When the bytes under the name last changed; null for no date.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<IResult> AnswerAsync(
        Image image, ImageVersion version, Artifact artifact, DateTimeOffset? modified, CancellationToken ct)
    {
        if (await blobs.FindAsync(artifact.Digest, ct) is not { } blob) return absent.Answer(image, version, artifact);
        if (!await blobs.IsInServiceAsync(blob, ct))
            return MachineAnswer.TryAgain("This file is out of service until its bytes are fetched again.", Soon);
        return new BodyResult(blob.Body, blob.MediaType)
        {
            CacheControl = "no-cache", ReprDigest = blob.ReprDigest, LastModified = modified,
        };
    }
}
