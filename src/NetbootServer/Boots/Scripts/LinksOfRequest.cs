using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Serving;

namespace NetbootServer.Boots.Scripts;

/// <summary>The URLs that a script has for the machine that asks for it.</summary>
internal sealed class LinksOfRequest(PublicUrl url, IOptions<BlobsOptions> blobs)
{
    private readonly string? _cache = blobs.Value.CacheUrl();

    /// <summary>The URLs for this request.</summary>
    public ScriptLinks For(HttpContext http) => new(url.For(http)) { Cache = _cache };
}
