using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NetbootServer.Images;

/// <summary>A file of a version under the name that nixos-images' releases give it.</summary>
/// <param name="Name">Such as <c>initrd-x86_64-linux</c>.</param>
/// <param name="Artifact">The artifact behind it; null for a script.</param>
/// <param name="System">The Nix system it is for.</param>
internal sealed partial record ImageFile(string Name, Artifact? Artifact, string System)
{
    /// <summary>Name of the list of all digests.</summary>
    public const string Sums = "SHA256SUMS";

    /// <summary>What a name with this ending has: the digest of the file without it.</summary>
    public const string SumSuffix = ".sha256";

    /// <summary>Whether a name could be a file of some version.</summary>
    public static bool IsName(string name) => name == Sums || Names().IsMatch(name);

    /// <summary>Every file of a version but the sums.</summary>
    public static IEnumerable<ImageFile> Of(ImageVersion version) => version.Systems.SelectMany(pair =>
    {
        var (system, parts) = pair;
        return new ImageFile?[]
        {
            Part(KernelName(system), parts.Kernel),
            Part($"initrd-{system}", parts.Initrd),
            parts.Bootable(null) is null ? null : new($"netboot-{system}.ipxe", null, system),
            Part($"nixos-kexec-installer-{system}.tar.gz", parts.Kexec),
            Part($"nixos-kexec-installer-noninteractive-{system}.tar.gz", parts.KexecNoninteractive),
            Part($"nixos-installer-{system}.iso", parts.Iso),
        }.OfType<ImageFile>();

        ImageFile? Part(string name, Artifact? artifact) => artifact is null ? null : new(name, artifact, system);
    });

    /// <summary>
    /// A script that boots the version by itself in any iPXE. It names the version, so that kernel and initrd are of
    /// one build also while the image moves on; <c>${cmdline}</c> is for whoever chains to it.
    /// </summary>
    /// <param name="version">The version.</param>
    /// <param name="system">The Nix system.</param>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <param name="cache">Base URL of a cache in front of its blobs; null for none.</param>
    public static string Script(ImageVersion version, string system, string baseUrl, string? cache)
    {
        var folder = $"{baseUrl}/images/{version.Image}@{version.Id}";
        var (kernel, initrd) = (KernelName(system), $"initrd-{system}");
        var parts = version.Systems[system];
        return new StringBuilder("#!ipxe\n")
            .Append(CultureInfo.InvariantCulture, $"kernel --name {kernel} {UrlOf(kernel, parts.Kernel!)} ")
            .AppendJoin(' ', [$"initrd={initrd}", .. KernelArgument.WithoutOurs(parts.KernelArguments), "${cmdline}"]).Append('\n')
            .Append(CultureInfo.InvariantCulture, $"initrd --name {initrd} {UrlOf(initrd, parts.Initrd!)}\n")
            .Append("boot\n").ToString();

        string UrlOf(string name, Artifact artifact) =>
            cache is null ? $"{folder}/{name}" : $"{cache}/blobs/{artifact.Sha256}/{name}";
    }

    private static string KernelName(string system) =>
        system.StartsWith("x86", StringComparison.Ordinal) ? $"bzImage-{system}" : $"Image-{system}";

    [GeneratedRegex(@"\A(?:(?:bzImage|Image|initrd)-[a-z0-9_]+-linux|netboot-[a-z0-9_]+-linux\.ipxe|" +
        @"nixos-kexec-installer(?:-noninteractive)?-[a-z0-9_]+-linux\.tar\.gz|nixos-installer-[a-z0-9_]+-linux\.iso)(?:\.sha256)?\z")]
    private static partial Regex Names();
}
