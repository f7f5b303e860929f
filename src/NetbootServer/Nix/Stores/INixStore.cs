using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>Where store paths come from: a binary cache, or the store of the local Nix.</summary>
public interface INixStore
{
    /// <summary>The store's name, for a person.</summary>
    string Name { get; }

    /// <summary>What it knows of a path.</summary>
    /// <exception cref="SourceException">It does not have the path, or cannot prove it.</exception>
    Task<PathInfo> InfoAsync(StorePath path, CancellationToken ct);

    /// <summary>Stores a path's NAR as a blob.</summary>
    /// <param name="info">What <see cref="InfoAsync"/> answered.</param>
    /// <param name="check">Reads along; has to be asked for the stream that is stored.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It cannot be had, or is not what the store said.</exception>
    Task<StoredBlob> StoreNarAsync(PathInfo info, Func<Stream, Stream> check, CancellationToken ct);
}
