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

    /// <summary>
    /// Opens a path's NAR, unpacked, and hands it to <paramref name="read"/>. It has at most the length that the store
    /// announced; the reader compares its hash.
    /// </summary>
    /// <param name="info">What <see cref="InfoAsync"/> answered.</param>
    /// <param name="read">Reads it, with the address or path for messages.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It cannot be had.</exception>
    Task ReadNarAsync(PathInfo info, Func<Stream, string, CancellationToken, Task> read, CancellationToken ct);
}
