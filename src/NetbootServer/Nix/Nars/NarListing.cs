using System.Collections.Frozen;
using System.Collections.Immutable;

namespace NetbootServer.Nix.Nars;

/// <summary>What is in a NAR, and where in it each file's contents lie.</summary>
public sealed class NarListing
{
    private const int BufferBytes = 64 * 1024;
    private readonly FrozenDictionary<string, NarEntry> _byPath;

    /// <summary>A listing of nodes in the order of their NAR.</summary>
    public NarListing(ImmutableArray<NarEntry> entries)
    {
        Entries = entries;
        _byPath = entries.DistinctBy(entry => entry.Path, StringComparer.Ordinal)
            .ToFrozenDictionary(entry => entry.Path, StringComparer.Ordinal);
    }

    /// <summary>Every node: parents before children, siblings in ascending order.</summary>
    public ImmutableArray<NarEntry> Entries { get; }

    /// <summary>The node at a path below the root, without a leading slash; null when there is none.</summary>
    public NarEntry? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The nodes right below a folder.</summary>
    public IEnumerable<NarEntry> Children(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var prefix = folder.Length == 0 ? "" : folder + "/";
        return Entries.Where(entry => entry.Path.Length > prefix.Length
            && entry.Path.StartsWith(prefix, StringComparison.Ordinal)
            && entry.Path.IndexOf('/', prefix.Length) < 0);
    }

    /// <summary>
    /// Reads a whole NAR; contents are passed over by seeking when the stream can.
    /// </summary>
    /// <param name="nar">The NAR from its first byte.</param>
    /// <param name="size">Its length in bytes.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="InvalidDataException">It is not a valid NAR.</exception>
    public static async Task<NarListing> ReadAsync(Stream nar, long size, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(nar);
        var entries = ImmutableArray.CreateBuilder<NarEntry>();
        var reader = new NarReader(size, entries.Add);
        var buffer = new byte[BufferBytes];
        for (int read; (read = await nar.ReadAsync(buffer, ct)) > 0;)
        {
            reader.Push(buffer.AsSpan(0, read));
            if (!nar.CanSeek || reader.Skippable <= BufferBytes) continue;
            var skipped = reader.Skippable;
            nar.Seek(skipped, SeekOrigin.Current);
            reader.Skip(skipped);
        }
        reader.End();
        return new NarListing(entries.DrainToImmutable());
    }
}
