using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Images;

/// <summary>
/// What a version has for one system, or for one variant of it: what a machine loads, in which order, and the files
/// that are there beside.
/// </summary>
public record Recipe
{
    /// <summary>Initrds that a recipe has at most: a script names each on the kernel's command line.</summary>
    public const int MaxInitrds = 16;

    /// <summary>Further files that a recipe has at most.</summary>
    public const int MaxFiles = 64;

    private const long KernelMemory = 60L << 20;

    /// <summary>The Linux kernel; missing when only UEFI machines boot it.</summary>
    public Artifact? Kernel { get; init; }

    /// <summary>
    /// The program that UEFI machines start instead of the kernel, such as a unified kernel image; missing when they
    /// take the kernel, too.
    /// </summary>
    public Artifact? Efi { get; init; }

    /// <summary>The first of <see cref="Initrds"/>; missing when there is none.</summary>
    public Artifact? Initrd => Initrds is [var first, ..] ? first : null;

    /// <summary>The initial ramdisks in the order in which the kernel unpacks them; names are unique.</summary>
    public ImmutableArray<NamedArtifact> Initrds { get; init; } = [];

    /// <summary>The program that verifies the kernel under Secure Boot.</summary>
    public Artifact? Shim { get; init; }

    /// <summary>Further files by name, which the booted system or a script fetches; missing without any.</summary>
    public ImmutableSortedDictionary<string, Artifact>? Files { get; init; }

    /// <summary>The interactive kexec installer tarball.</summary>
    public Artifact? Kexec { get; init; }

    /// <summary>The kexec installer tarball for unattended installation.</summary>
    public Artifact? KexecNoninteractive { get; init; }

    /// <summary>An installer ISO.</summary>
    public Artifact? Iso { get; init; }

    /// <summary>Bytes of all files in its initrds, unpacked; missing when unknown.</summary>
    public long? UnpackedBytes { get; init; }

    /// <summary>
    /// Bytes of memory that a machine needs at least to load it and to unpack its initrds; missing without any.
    /// Measured on Linux 6.1 to 7.2: rootfs takes half of the memory, unless <c>initramfs_options=size=90%</c> raises
    /// it. What an initrd unpacks to when that is unknown is taken for its own size, as with a squashfs: others need
    /// more.
    /// </summary>
    public long? MemoryBytes => Initrds.IsEmpty ? null : UnpackedBytes is { } unpacked
        ? (unpacked * 115 / 100) + InitrdBytes + KernelMemory
        : (3 * InitrdBytes) + KernelMemory;

    /// <summary>Kernel arguments that belong to it, such as <c>init=…</c>.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>What is known of its initrds; null until they were looked into.</summary>
    [JsonIgnore]
    public InitrdLayout? Layout { get; init; }

    /// <summary>The same, where there is no initrd to look into, too; null until it is known.</summary>
    [JsonIgnore]
    internal InitrdLayout? LayoutOrNone => Initrds.IsEmpty ? NoInitrd : Layout;

    /// <summary>Names its initrds in their order: what is found in them holds for all recipes with the same.</summary>
    [JsonIgnore]
    internal string InitrdKey => string.Join('+', Initrds.Select(initrd => initrd.Sha256));

    private static readonly InitrdLayout NoInitrd =
        InitrdLayout.Without("is missing, or inside the kernel or the EFI program");

    /// <summary><see cref="Files"/>, empty when there are none.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, Artifact> FilesOrNone =>
        Files ?? ImmutableSortedDictionary<string, Artifact>.Empty;

    /// <summary>Whether there is something to boot, whatever the firmware.</summary>
    [JsonIgnore]
    public bool Boots => (Kernel ?? Efi) is not null;

    /// <summary>Bytes of all initrds; one that is there twice is loaded twice.</summary>
    [JsonIgnore]
    public long InitrdBytes => Initrds.Sum(initrd => initrd.SizeBytes);

    /// <summary>
    /// Bytes that make the initrds before one a multiple of 4, on which a cpio archive that is not compressed has to
    /// begin: iPXE of 2019 joins them without on UEFI, others align by themselves. Linux skips zeroes between archives.
    /// </summary>
    /// <param name="index">Its place, from 0.</param>
    internal int PaddingBefore(int index) => index == 0 ? 0 : (int)(-Initrds[index - 1].SizeBytes & 3);

    /// <summary>Whether what follows its initrds begins on a multiple of 4, however they are joined.</summary>
    [JsonIgnore]
    internal bool EndsAligned => Initrds.All(initrd => initrd.SizeBytes % 4 == 0);

    /// <summary>
    /// Every artifact in a fixed order, with a text that says its role, its name and, by the order, its place:
    /// versions' ids are made of these, so they stay as they are.
    /// </summary>
    internal IEnumerable<(string Role, Artifact Artifact)> Parts()
    {
        if (Kernel is not null) yield return (Roles.Kernel, Kernel);
        if (Efi is not null) yield return (Roles.Efi, Efi);
        for (var i = 0; i < Initrds.Length; i++)
            yield return (RoleOfInitrd(i), Initrds[i]);
        if (Shim is not null) yield return (Roles.Shim, Shim);
        foreach (var (name, file) in FilesOrNone.OrderBy(file => file.Key, StringComparer.Ordinal))
            yield return ($"file {name}", file);
        if (Kexec is not null) yield return (Roles.Kexec, Kexec);
        if (KexecNoninteractive is not null) yield return (Roles.KexecNoninteractive, KexecNoninteractive);
        if (Iso is not null) yield return (Roles.Iso, Iso);
    }

    private string RoleOfInitrd(int index) => index == 0 && Initrds[0].Name == Roles.Initrd
        ? Roles.Initrd : $"{Roles.Initrd} {Initrds[index].Name}";
}

/// <summary>What a version has for one system, such as <c>x86_64-linux</c>.</summary>
public sealed record SystemRecipe : Recipe
{
    /// <summary>Further systems of the same architecture, by name.</summary>
    public ImmutableSortedDictionary<string, Recipe>? Variants { get; init; }

    /// <summary><see cref="Variants"/>, empty when there are none.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, Recipe> VariantsOrNone =>
        Variants ?? ImmutableSortedDictionary<string, Recipe>.Empty;

    /// <summary>
    /// Every artifact, also of variants, with its role, in a fixed order; variants' roles are <c>{variant}/kernel</c>.
    /// </summary>
    [JsonIgnore]
    public IEnumerable<(string Role, Artifact Artifact)> All => Parts().Concat(VariantsOrNone.SelectMany(variant =>
        variant.Value.Parts().Select(part => ($"{variant.Key}/{part.Role}", part.Artifact))));

    /// <summary>What boots for <paramref name="variant"/>, or for none when null; null when it is not there.</summary>
    public Recipe? Bootable(string? variant) =>
        (variant is null ? this : Variants?.GetValueOrDefault(variant)) is { Boots: true } recipe ? recipe : null;
}
