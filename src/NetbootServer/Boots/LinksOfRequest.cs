using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Http;

namespace NetbootServer.Boots;

/// <summary>The URLs that a script has for whoever asks for it.</summary>
internal sealed class LinksOfRequest(PublicUrl url, IOptions<BlobsOptions> blobs)
{
    private readonly string? _cache = blobs.Value.PublicUrl?.TrimEnd('/');

    /// <summary>The URLs for this request.</summary>
    public ScriptLinks For(HttpContext http) => new(url.For(http)) { Cache = _cache };
}
