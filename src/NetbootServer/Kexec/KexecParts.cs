using System.Collections.Immutable;
using NetbootServer.Blobs;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Kexec;

/// <summary>A blob that bundles have in them.</summary>
/// <param name="Sha256">Its digest, lower-case hexadecimal.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
/// <param name="Crc32">Its checksum, which the bundle's follows from.</param>
internal sealed record KexecFile(string Sha256, long SizeBytes, uint Crc32)
{
    /// <summary>The digest as a value.</summary>
    public Sha256Digest Digest() => Sha256Digest.TryParse(Sha256, out var digest) ? digest
        : throw new InvalidDataException($"'{Sha256}' is no digest");
}

/// <summary>
/// What all kexec bundles of a version's system consist of. It is prepared once, and stored with the version.
/// </summary>
internal sealed record KexecParts
{
    /// <summary>
    /// Counts the forms of bundles: what was prepared in an earlier one is prepared anew, for the digest is of that.
    /// </summary>
    public const int CurrentFormat = 2;

    /// <summary>The form that it was prepared in.</summary>
    public int Format { get; init; }

    /// <summary>The kernel.</summary>
    public required KexecFile Kernel { get; init; }

    /// <summary>The initrds in their order.</summary>
    public ImmutableArray<KexecFile> Initrds { get; init; } = [];

    /// <summary>The static program kexec; null: the machine's own is used.</summary>
    public KexecFile? Kexec { get; init; }

    /// <summary>The static program ip; null: the machine's own is used.</summary>
    public KexecFile? Ip { get; init; }

    /// <summary>Kernel arguments that belong to it, such as <c>init=…</c>.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>How its initrds take files.</summary>
    public required InitrdLayout Layout { get; init; }

    /// <summary>Whether it is the payload of the version's own kexec tarball.</summary>
    public bool FromTarball { get; init; }

    /// <summary>Bytes of memory that a machine needs at least.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The script of the image's bundle: it stays as it is, whatever later releases make.</summary>
    public string Run { get; init; } = "";

    /// <summary>The digest of the image's bundle.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The length of the image's bundle in bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>All blobs that it needs.</summary>
    public IEnumerable<KexecFile> Files() =>
        new[] { Kernel, Kexec, Ip }.OfType<KexecFile>().Concat(Initrds).DistinctBy(file => file.Sha256);

    /// <summary>Where its programs come from, for people.</summary>
    public string ProgramsFrom() => (Kexec, Ip) switch
    {
        (null, null) => "kexec and ip are those of this machine",
        (null, _) => "kexec is that of this machine, ip came with the bundle",
        (_, null) => "kexec came with the bundle, ip is that of this machine",
        _ => FromTarball ? "kexec and ip came with the image" : "kexec and ip came with the bundle",
    };
}
