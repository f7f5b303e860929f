using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using NetbootServer.Serving;

namespace NetbootServer.Images;

/// <summary>
/// A file of a version that is made on the spot: its script, or digests. With ranges, and its own digest as a strong
/// ETag, like the files beside it.
/// </summary>
/// <param name="text">The file.</param>
/// <param name="modified">Its Last-Modified, for clients that keep it; it is no validator. Null for none.</param>
internal sealed class ImageText(string text, DateTimeOffset? modified) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var digest = SHA256.HashData(bytes);
        MachineAnswer.Harden(httpContext.Response);
        httpContext.Request.Headers.Remove("If-Modified-Since");
        httpContext.Response.Headers["Repr-Digest"] = $"sha-256=:{Convert.ToBase64String(digest)}:";
        return TypedResults.Bytes(bytes, "text/plain; charset=utf-8", enableRangeProcessing: true,
            lastModified: modified, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(digest)}\""))
            .ExecuteAsync(httpContext);
    }
}
