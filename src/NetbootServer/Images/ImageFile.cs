using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NetbootServer.Images;

/// <summary>A file of a version under the name that nixos-images' releases give it.</summary>
/// <param name="Name">Such as <c>initrd-x86_64-linux</c>, or <c>files-x86_64-linux/root.squashfs</c>.</param>
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
        var (system, recipe) = pair;
        return new ImageFile?[]
        {
            Part(KernelName(system), recipe.Kernel),
            Part(EfiName(system), recipe.Efi),
        }
        .Concat(recipe.Initrds.Select((initrd, i) => Part(InitrdName(system, i), initrd)))
        .Concat(
        [
            Part(ShimName(system), recipe.Shim),
            recipe.Boots ? new($"netboot-{system}.ipxe", null, system) : null,
            Part($"nixos-kexec-installer-{system}.tar.gz", recipe.Kexec),
            Part($"nixos-kexec-installer-noninteractive-{system}.tar.gz", recipe.KexecNoninteractive),
            Part($"nixos-installer-{system}.iso", recipe.Iso),
        ])
        .Concat(recipe.FilesOrNone.Select(file => Part(FileName(system, file.Key), file.Value)))
        .OfType<ImageFile>();

        ImageFile? Part(string name, Artifact? artifact) => artifact is null ? null : new(name, artifact, system);
    });

    /// <summary>
    /// The file of that name, and whether its digest is asked for; null when there is none. A further file may itself
    /// have a name that ends like a digest's.
    /// </summary>
    public static (ImageFile File, bool IsSum)? Find(ImageVersion version, string name)
    {
        if (Of(version).FirstOrDefault(file => file.Name == name) is { } exact) return (exact, false);
        if (!name.EndsWith(SumSuffix, StringComparison.Ordinal)) return null;
        return Of(version).FirstOrDefault(file => file.Name == name[..^SumSuffix.Length]) is { } summed
            ? (summed, true) : null;
    }

    /// <summary>
    /// A script that boots the version by itself in any iPXE. It names the version, so that kernel and initrds are of
    /// one build also while the image moves on; <c>${cmdline}</c> is for scripts that chain to it.
    /// </summary>
    /// <param name="version">The version.</param>
    /// <param name="system">The Nix system.</param>
    /// <param name="baseUrl">Scheme, host and port of this server.</param>
    /// <param name="cache">Base URL of a cache in front of its blobs; null for none.</param>
    public static string Script(ImageVersion version, string system, string baseUrl, string? cache)
    {
        var folder = $"{baseUrl}/images/{version.Image}@{version.Id}";
        var recipe = version.Systems[system];
        var script = new StringBuilder("#!ipxe\n");
        var arguments = KernelArgument.WithoutOurs(recipe.KernelArguments)
            .Select(argument => ArgumentPlaceholders.Expand(argument, new()
            {
                For = "a script that is the same for all machines", Server = baseUrl, Files = recipe.FilesOrNone,
                UrlOf = (name, file) => UrlOf(FileName(system, name), name, file), ByIpxe = true,
            })).ToList();
        if (arguments.Find(argument => argument.Fault is not null) is { Fault: { } fault })
            return script.Append(CultureInfo.InvariantCulture, $"echo {version.Image} cannot boot by this script:\n")
                .Append(CultureInfo.InvariantCulture, $"echo {Shown(fault)}.\n")
                .Append(CultureInfo.InvariantCulture, $"echo Boot it by a profile of {baseUrl}/boot.ipxe instead.\n")
                .Append("sleep 30\nexit 1\n").ToString();
        switch (recipe)
        {
            case { Kernel: { } kernel, Efi: { } efi }:
                script.Append("iseq ${platform} efi && goto efi ||\n");
                Boot(KernelName(system), kernel);
                script.Append(":efi\n");
                Boot(EfiName(system), efi);
                break;
            case { Efi: { } efi }:
                script.Append("iseq ${platform} efi && goto efi ||\n")
                    .Append(CultureInfo.InvariantCulture,
                        $"echo {version.Image} boots UEFI machines only: it has no kernel for {system}.\n")
                    .Append("sleep 30\nexit 1\n:efi\n");
                Boot(EfiName(system), efi);
                break;
            default:
                Boot(KernelName(system), recipe.Kernel!);
                break;
        }
        return script.ToString();

        void Boot(string program, Artifact artifact)
        {
            var initrds = recipe.Initrds.SelectMany((initrd, i) =>
            {
                var name = InitrdName(system, i);
                var file = (Name: name, Url: UrlOf(name, name, initrd));
                var padding = recipe.PaddingBefore(i);
                return padding == 0 ? new[] { file }
                    : [(InitrdPadding.NameAt(i), InitrdPadding.Url(baseUrl, padding)), file];
            }).ToList();
            script.Append(CultureInfo.InvariantCulture, $"kernel --name {program} {UrlOf(program, program, artifact)} ")
                .AppendJoin(' ',
                [
                    .. initrds.Select(initrd => KernelArgument.Initrd + initrd.Name),
                    .. arguments.Select(argument => argument.Text), "${cmdline}",
                ]).Append('\n');
            foreach (var (name, url) in initrds)
                script.Append(CultureInfo.InvariantCulture, $"initrd --name {name} {url}\n");
            if (recipe.Shim is { } shim)
                script.Append(CultureInfo.InvariantCulture,
                    $"iseq ${{platform}} efi && shim {UrlOf(ShimName(system), ShimName(system), shim)} ||\n");
            script.Append("boot\n");
        }

        string UrlOf(string path, string name, Artifact artifact) =>
            cache is null ? $"{folder}/{path}" : $"{cache}/blobs/{artifact.Sha256}/{name}";
    }

    /// <summary>Text for iPXE's screen: what it would expand, or take for the end of a command, is left out.</summary>
    private static string Shown(string text) =>
        string.Concat(text.Take(256).Where(c => c is >= ' ' and <= '~' and not ('$' or '{' or '}' or '\\' or '|'
            or '&' or ';' or '#')));

    private static string KernelName(string system) =>
        system.StartsWith("x86", StringComparison.Ordinal) ? $"bzImage-{system}" : $"Image-{system}";

    private static string ShimName(string system) => $"shim-{system}.efi";

    private static string FileName(string system, string name) => $"{Roles.Files}-{system}/{name}";

    private static string EfiName(string system) => $"{system}.efi";

    private static string InitrdName(string system, int index) => $"{Roles.InitrdAt(index)}-{system}";

    [GeneratedRegex(@"\A(?:(?:bzImage|Image|initrd[0-9]{0,2})-[a-z0-9_]+-linux|(?:shim-)?[a-z0-9_]+-linux\.efi|" +
        @"netboot-[a-z0-9_]+-linux\.ipxe|nixos-kexec-installer(?:-noninteractive)?-[a-z0-9_]+-linux\.tar\.gz|" +
        @"nixos-installer-[a-z0-9_]+-linux\.iso|files-[a-z0-9_]+-linux/[A-Za-z0-9][A-Za-z0-9._-]*)(?:\.sha256)?\z")]
    private static partial Regex Names();
}
