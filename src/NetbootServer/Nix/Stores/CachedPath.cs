using NetbootServer.Archives;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Stores;

/// <summary>A store path that a binary cache has, and where its NAR is.</summary>
internal sealed record CachedPath : PathInfo
{
    public required SourceLink Nar { get; init; }
    public required NarCompression Compression { get; init; }
    public long? FileSize { get; init; }
    public required string SignedBy { get; init; }
}
