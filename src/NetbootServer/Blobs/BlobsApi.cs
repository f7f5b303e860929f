using Microsoft.AspNetCore.Mvc;
using NetbootServer.Api;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>The boot plane's bytes.</summary>
public static class BlobsApi
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Maps <c>/blobs</c>.</summary>
    public static IEndpointRouteBuilder MapBlobs(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/blobs/{sha256}/{file}", GetBlob).ExcludeFromDescription();
        return routes;
    }

    /// <summary>
    /// The bytes with this digest. They never change, so they may be cached for ever; the file name is only for
    /// people.
    /// </summary>
    private static async Task<IResult> GetBlob(string sha256, string file, string? boot, HttpContext http,
        BlobIndex index, [FromServices] BootDownloads boots, [FromServices] BlobMissed? missed, CancellationToken ct)
    {
        if (!Sha256Digest.TryParse(sha256, out var digest)) return NoSuchBlob();
        if (await index.FindAsync(digest, ct) is not { } blob) return missed?.Invoke(digest) ?? NoSuchBlob();
        if (!await index.IsInServiceAsync(blob, ct))
            return MachineAnswer.TryAgain("This blob is out of service until its bytes are fetched again.", RetryAfter);
        return new BodyResult(blob.Body, blob.MediaType)
        {
            CacheControl = "public, max-age=31536000, immutable",
            ReprDigest = blob.ReprDigest,
            Starting = string.IsNullOrEmpty(boot) ? null : boots.Of(http, boot, file, digest),
        };
    }

    private static MachineAnswer NoSuchBlob() => MachineAnswer.NotFound("There is no such blob.");
}
