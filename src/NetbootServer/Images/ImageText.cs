using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using NetbootServer.Http;

namespace NetbootServer.Images;

/// <summary>
/// A file of a version that is made on the spot: its script, or digests. With ranges, and its own digest as a strong
/// ETag, like the files beside it.
/// </summary>
internal sealed class ImageText(string text) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var digest = SHA256.HashData(bytes);
        MachineAnswer.Harden(httpContext.Response);
        httpContext.Response.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(digest)}:";
        return TypedResults.Bytes(bytes, "text/plain; charset=utf-8", enableRangeProcessing: true,
            entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(digest)}\"")).ExecuteAsync(httpContext);
    }
}
