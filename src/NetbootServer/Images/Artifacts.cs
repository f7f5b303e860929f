using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetbootServer.Blobs;

namespace NetbootServer.Images;

/// <summary>A role in a version filled by a blob.</summary>
/// <param name="Sha256">The blob's digest, lower-case hexadecimal.</param>
/// <param name="SizeBytes">Its length in bytes.</param>
public sealed record Artifact(string Sha256, long SizeBytes)
{
    /// <summary>Where it is served, relative to this server; only in answers.</summary>
    public string? Url { get; init; }

    /// <summary>Of a kernel: its version as it says itself, such as <c>6.18.24</c>; only in answers.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>The blob's digest as a value.</summary>
    [JsonIgnore]
    public Sha256Digest Digest =>
        Sha256Digest.TryParse(Sha256, out var digest) ? digest : throw new InvalidDataException($"'{Sha256}' is no digest");
}

/// <summary>What a version has for one variant of a system: enough to boot it.</summary>
public sealed record VariantArtifacts
{
    /// <summary>The Linux kernel.</summary>
    public required Artifact Kernel { get; init; }

    /// <summary>Its initial ramdisk.</summary>
    public required Artifact Initrd { get; init; }

    /// <summary>Kernel arguments that belong to it, such as <c>init=…</c>.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];
}

/// <summary>What a version has for one system, such as <c>x86_64-linux</c>.</summary>
public sealed record SystemArtifacts
{
    /// <summary>The Linux kernel.</summary>
    public Artifact? Kernel { get; init; }

    /// <summary>Its initial ramdisk.</summary>
    public Artifact? Initrd { get; init; }

    /// <summary>The interactive kexec installer tarball.</summary>
    public Artifact? Kexec { get; init; }

    /// <summary>The kexec installer tarball for unattended installation.</summary>
    [JsonPropertyName("kexec-noninteractive")]
    public Artifact? KexecNoninteractive { get; init; }

    /// <summary>An installer ISO.</summary>
    public Artifact? Iso { get; init; }

    /// <summary>Kernel arguments that belong to the kernel and initrd, such as <c>init=…</c>.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = [];

    /// <summary>Further systems of the same architecture, by name.</summary>
    public ImmutableSortedDictionary<string, VariantArtifacts>? Variants { get; init; }

    /// <summary><see cref="Variants"/>, empty when there are none.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, VariantArtifacts> VariantsOrNone =>
        Variants ?? ImmutableSortedDictionary<string, VariantArtifacts>.Empty;

    /// <summary>Every artifact with its role, in a fixed order; variants' roles are <c>{variant}/kernel</c>.</summary>
    [JsonIgnore]
    public IEnumerable<(string Role, Artifact Artifact)> All
    {
        get
        {
            if (Kernel is not null) yield return (Roles.Kernel, Kernel);
            if (Initrd is not null) yield return (Roles.Initrd, Initrd);
            if (Kexec is not null) yield return (Roles.Kexec, Kexec);
            if (KexecNoninteractive is not null) yield return (Roles.KexecNoninteractive, KexecNoninteractive);
            if (Iso is not null) yield return (Roles.Iso, Iso);
            foreach (var (name, variant) in VariantsOrNone)
            {
                yield return ($"{name}/{Roles.Kernel}", variant.Kernel);
                yield return ($"{name}/{Roles.Initrd}", variant.Initrd);
            }
        }
    }

    /// <summary>What boots for <paramref name="variant"/>, or for none when null; null when it is not there.</summary>
    public VariantArtifacts? Bootable(string? variant)
    {
        if (variant is not null) return Variants?.GetValueOrDefault(variant);
        return Kernel is not null && Initrd is not null
            ? new VariantArtifacts { Kernel = Kernel, Initrd = Initrd, KernelArguments = KernelArguments }
            : null;
    }
}

/// <summary>The names of roles in URLs and uploads.</summary>
public static class Roles
{
    /// <summary>The Linux kernel.</summary>
    public const string Kernel = "kernel";

    /// <summary>The initial ramdisk.</summary>
    public const string Initrd = "initrd";

    /// <summary>The interactive kexec installer tarball.</summary>
    public const string Kexec = "kexec";

    /// <summary>The unattended kexec installer tarball.</summary>
    public const string KexecNoninteractive = "kexec-noninteractive";

    /// <summary>An installer ISO.</summary>
    public const string Iso = "iso";
}
