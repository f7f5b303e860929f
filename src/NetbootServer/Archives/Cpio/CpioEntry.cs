namespace NetbootServer.Archives.Cpio;

/// <summary>What a cpio archive has at one path.</summary>
/// <param name="Path">Its path without <c>./</c> or <c>/</c> before it; empty for the root.</param>
/// <param name="Mode">Type and permission bits, as in <c>st_mode</c>.</param>
/// <param name="Size">Bytes of its content.</param>
public sealed record CpioEntry(string Path, uint Mode, long Size)
{
    private const uint TypeBits = 0xF000, DirectoryType = 0x4000, SymlinkType = 0xA000, FileType = 0x8000;

    /// <summary>What a symbolic link points at, and the content of a file that the reader was asked for; else null.
    /// </summary>
    public string? Text { get; init; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => (Mode & TypeBits) == DirectoryType;

    /// <summary>Whether it is a symbolic link.</summary>
    public bool IsSymlink => (Mode & TypeBits) == SymlinkType;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsFile => (Mode & TypeBits) == FileType;
}
