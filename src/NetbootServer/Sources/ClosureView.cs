namespace NetbootServer.Sources;

/// <summary>A system closure of a version, and what its initrd takes.</summary>
/// <param name="System">The Nix system.</param>
/// <param name="Variant">The variant; missing for the system's own.</param>
/// <param name="Toplevel">Store path of the system.</param>
/// <param name="Paths">Store paths in its initrd.</param>
public sealed record ClosureView(string System, string? Variant, string Toplevel, int Paths)
{
    /// <summary>Bytes of all its files, unpacked; missing when unknown.</summary>
    public long? UnpackedBytes { get; init; }

    /// <summary>Bytes of its initrd.</summary>
    public required long PackedBytes { get; init; }

    /// <summary>Bytes of its initrd that other kept versions, of any image, have too: they are stored once.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>Bytes of memory that a machine needs at least to boot it.</summary>
    public long? MemoryBytes { get; init; }
}
