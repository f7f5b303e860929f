using System.Collections.Immutable;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Images.Layouts;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Layouts;

/// <summary>
/// Finds what boots in a folder, by the names that nixpkgs' netboot and nixos-images use, with or without the system
/// in them: <c>bzImage</c> or <c>Image</c>, <c>initrd</c>, and <c>netboot.ipxe</c> or <c>kernel-params</c> with
/// <c>init</c>; kexec tarballs; ISO images.
/// </summary>
/// <param name="tree">The folder.</param>
/// <param name="system">The Nix system it has to be of.</param>
/// <param name="blobs">Where what is there is stored.</param>
internal sealed class BootLayout(IFileTree tree, string system, SourceBlobs blobs)
{
    /// <summary>Whether the folder looks like a system's toplevel.</summary>
    public bool IsToplevel => Find("bzImage", "Image") is null
        && (tree.Names.Contains("init") || tree.Names.Contains("prepare-root"))
        && (tree.Names.Contains("boot.json") || tree.Names.Contains("kernel-params"));

    /// <summary>Whether the folder has a kernel, or an ISO, under nixos-images' names.</summary>
    public bool HasNixOS =>
        (Find("bzImage", "Image") ?? FindWithSuffix("nixos-installer", ".iso")) is not null;

    /// <summary>Whether it has a tarball, of this system or of none.</summary>
    public bool HasTarball => Tarballs.Any();

    private IEnumerable<string> Tarballs =>
        tree.Names.Where(name => name.EndsWith(".tar.gz", StringComparison.Ordinal) && IsOurs(name));

    /// <summary>Stores what is there.</summary>
    /// <param name="kind">What has to be there, and alone is looked for.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It is not there, or not whole.</exception>
    public async Task<BootParts> ReadAsync(SourceKind kind, CancellationToken ct)
    {
        var parts = new BootParts();
        if (kind is SourceKind.Auto or SourceKind.Netboot)
            parts = await NetbootAsync(parts, kind == SourceKind.Netboot, ct);
        if (kind is SourceKind.Auto or SourceKind.Kexec) parts = await TarballsAsync(parts, ct);
        if (kind is SourceKind.Auto && FindWithSuffix("nixos-installer", ".iso") is { } iso)
            parts = parts with { Iso = await StoreAsync(Roles.Iso, iso, ct) };
        if (parts.IsEmpty) throw Nothing(kind);
        return parts;
    }

    private async Task<BootParts> NetbootAsync(BootParts parts, bool required, CancellationToken ct)
    {
        var (kernel, initrd) = (Find("bzImage", "Image"), Find("initrd"));
        if (kernel is null && initrd is null && !required) return parts;
        if (kernel is null || initrd is null)
            throw new SourceException(SourceProblems.NotBootable,
                $"{tree.Name} has {(kernel is null ? "no bzImage or Image" : "no initrd")}; " +
                $"there are: {Shown()}.");
        var arguments = await ArgumentsAsync(ct);
        var fetched = await tree.StoreAsync(kernel, BootJudges.Of(Roles.Kernel, system), ct);
        var unpacked = await blobs.UnpackKernelAsync(fetched, system, $"{tree.Name}/{kernel}", ct);
        return parts with
        {
            Kernel = BootParts.Of(unpacked),
            Packed = unpacked == fetched ? [] : [fetched.Digest],
            Initrd = await StoreAsync(Roles.Initrd, initrd, ct),
            KernelArguments = arguments,
        };
    }

    private async Task<ImmutableArray<string>> ArgumentsAsync(CancellationToken ct)
    {
        if (FindWithSuffix("netboot", ".ipxe") is { } script)
            return IpxeReleaseScript.Parse(await tree.ReadTextAsync(script, ct), $"{tree.Name}/{script}").Arguments;
        var what = $"{tree.Name}/kernel-params";
        ImmutableArray<string> given = Find("kernel-params") is { } file
            ? KernelLine.Kept(KernelArgument.Split(await tree.ReadTextAsync(file, ct)), what)
            : [];
        if (given.Any(argument => argument.StartsWith("init=", StringComparison.Ordinal))) return given;
        if (Find("init") is { } init)
            return [.. KernelLine.Kept([$"init={await tree.ResolveAsync(init, ct)}"], what), .. given];
        throw new SourceException(SourceProblems.NotBootable,
            $"{tree.Name} has neither netboot.ipxe nor init, so that the " +
            $"kernel would not know what to start; there are: {Shown()}.");
    }

    private async Task<BootParts> TarballsAsync(BootParts parts, CancellationToken ct)
    {
        foreach (var name in Tarballs)
        {
            var unattended = name.Contains("noninteractive", StringComparison.Ordinal);
            if ((unattended ? parts.KexecNoninteractive : parts.Kexec) is not null)
                throw new SourceException(SourceProblems.NotBootable, $"{tree.Name} has several tarballs: {Shown()}.");
            var tarball = await StoreAsync(unattended ? Roles.KexecNoninteractive : Roles.Kexec, name, ct);
            parts = unattended ? parts with { KexecNoninteractive = tarball } : parts with { Kexec = tarball };
        }
        return parts;
    }

    private async Task<Artifact> StoreAsync(string role, string name, CancellationToken ct) =>
        BootParts.Of(await tree.StoreAsync(name, BootJudges.Of(role, system), ct));

    /// <summary>A file of one of these names; the one with the system in its name comes first.</summary>
    private string? Find(params string[] names) =>
        names.Select(name => $"{name}-{system}").Concat(names).FirstOrDefault(name => tree.Names.Contains(name));

    private string? FindWithSuffix(string name, string suffix) =>
        new[] { $"{name}-{system}{suffix}", $"{name}{suffix}" }.FirstOrDefault(file => tree.Names.Contains(file));

    /// <summary>Whether a name is of this system, or of none.</summary>
    private bool IsOurs(string name) =>
        name.Contains(system, StringComparison.Ordinal)
        || !NixSystem.All.Any(other => name.Contains(other, StringComparison.Ordinal));

    private SourceException Nothing(SourceKind kind) => new(SourceProblems.NotBootable, $"{tree.Name} has " +
        (kind == SourceKind.Kexec ? "no .tar.gz" : "no kernel with initrd, tarball or system") +
        $"; there are: {Shown()}.");

    private string Shown() => tree.Names.IsEmpty ? "no files" : SourceText.Quote(string.Join(", ", tree.Names));
}
