using System.Collections.Immutable;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Layouts;

/// <summary>A folder with what is needed to boot: in a store path, or on this server's disk.</summary>
internal interface IFileTree
{
    /// <summary>Where it is, for a person.</summary>
    string Name { get; }

    /// <summary>The names of what lies right in it, in ordinal order.</summary>
    ImmutableArray<string> Names { get; }

    /// <summary>Stores a file; links are followed.</summary>
    /// <param name="name">A name, or several with slashes between them.</param>
    /// <param name="judge">Answers a complaint about what the file is, or null.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It is not there, or refused.</exception>
    Task<StoredBlob> StoreAsync(string name, Func<BootFile, string?> judge, CancellationToken ct);

    /// <summary>Reads a small file; links are followed.</summary>
    /// <exception cref="SourceException">It is not there, or too long.</exception>
    Task<string> ReadTextAsync(string name, CancellationToken ct);

    /// <summary>
    /// The absolute path that names a file in the booted system: where a link leads, up to the system's own store path.
    /// </summary>
    /// <exception cref="SourceException">It is not there, or no link.</exception>
    Task<string> ResolveAsync(string name, CancellationToken ct);
}
