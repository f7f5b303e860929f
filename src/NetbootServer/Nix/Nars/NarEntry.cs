using System.Text;

namespace NetbootServer.Nix.Nars;

/// <summary>What a node of a NAR is.</summary>
public enum NarKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A file with the executable bit.</summary>
    Executable,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A folder.</summary>
    Folder,
}

/// <summary>A node of a NAR; parents come before children, siblings in ascending order of their bytes.</summary>
/// <param name="PathBytes">
/// Path below the root without a leading slash, as bytes: names need not be UTF-8. Empty for the root.
/// </param>
/// <param name="Kind">What it is.</param>
public sealed record NarEntry(ReadOnlyMemory<byte> PathBytes, NarKind Kind)
{
    /// <summary>The path as text; bytes that are not UTF-8 show as U+FFFD.</summary>
    public string Path { get; } = Encoding.UTF8.GetString(PathBytes.Span);

    /// <summary>Where a file's contents begin, in bytes from the start of the NAR; always a multiple of 8.</summary>
    public long Offset { get; init; }

    /// <summary>Length of a file's contents in bytes.</summary>
    public long Size { get; init; }

    /// <summary>What a link points at, as it stands there; empty for other nodes.</summary>
    public ReadOnlyMemory<byte> TargetBytes { get; init; }

    /// <summary>What a link points at as text; null for other nodes.</summary>
    public string? Target => Kind == NarKind.Link ? Encoding.UTF8.GetString(TargetBytes.Span) : null;
}
