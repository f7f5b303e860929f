using System.Collections.Immutable;
using NetbootServer.Blobs;
using NetbootServer.Images;

namespace NetbootServer.Sources.Layouts;

/// <summary>What was found to boot for one system or variant.</summary>
internal sealed record BootParts
{
    public Artifact? Kernel { get; init; }
    public Artifact? Initrd { get; init; }
    public Artifact? Kexec { get; init; }
    public Artifact? KexecNoninteractive { get; init; }
    public Artifact? Iso { get; init; }
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <inheritdoc cref="Recipe.UnpackedBytes"/>
    public long? UnpackedBytes { get; init; }

    /// <summary>
    /// Files as they were fetched that are served unpacked: kept, so that they are not fetched again.
    /// </summary>
    public ImmutableArray<Sha256Digest> Packed { get; init; } = [];

    public bool IsEmpty => (Kernel ?? Initrd ?? Kexec ?? KexecNoninteractive ?? Iso) is null;

    public static Artifact Of(StoredBlob blob) => new(blob.Digest.ToString(), blob.Length);

    public SystemRecipe ToSystem() => new()
    {
        Kernel = Kernel, Initrds = Initrd is null ? [] : [Initrd.Named(Roles.Initrd)],
        Kexec = Kexec, KexecNoninteractive = KexecNoninteractive, Iso = Iso,
        KernelArguments = KernelArguments, UnpackedBytes = UnpackedBytes,
    };

    /// <summary>A variant of a system; null when it has no kernel with initrd.</summary>
    public Recipe? ToVariant() => Kernel is null || Initrd is null
        ? null
        : new Recipe
        {
            Kernel = Kernel, Initrds = [Initrd.Named(Roles.Initrd)], KernelArguments = KernelArguments,
            UnpackedBytes = UnpackedBytes,
        };
}
