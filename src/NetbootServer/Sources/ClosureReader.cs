using System.Collections.Immutable;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Images.Layouts;
using NetbootServer.Initrds;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;

namespace NetbootServer.Sources;

/// <summary>
/// Makes a system closure bootable: its kernel, and an initrd of all its store paths; its specialisations are variants.
/// </summary>
/// <param name="paths">The store paths.</param>
/// <param name="blobs">Where the kernels go.</param>
/// <param name="initrds">Packs the store paths and composes the initrds.</param>
/// <param name="meter">Counts what is packed.</param>
/// <param name="draft">The version.</param>
internal sealed class ClosureReader(StorePaths paths, SourceBlobs blobs, ClosureInitrds initrds, SourceMeter meter,
    VersionDraft draft)
{
    private const int FirstLineBytes = 256; // as the kernel reads of a script (BINPRM_BUF_SIZE)

    private static readonly ImmutableArray<string> Scripts = ["prepare-root", "init"];

    /// <summary>Adds a system with all of its specialisations.</summary>
    /// <param name="system">The Nix system.</param>
    /// <param name="variant">The variant that it is; null for the image's one system.</param>
    /// <param name="root">Its store path.</param>
    /// <param name="tree">What is in it.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It would not boot; the message says what its configuration needs.</exception>
    public async Task AddAsync(string system, string? variant, StorePath root, StoreTree tree, CancellationToken ct)
    {
        var spec = await SpecAsync(root, tree, ct);
        var (init, shell) = await StageTwoAsync(root, tree, ct); // first: what cannot boot is not fetched
        var closure = await paths.ClosureAsync(root, ct);
        var kernels = new Dictionary<string, Artifact>(StringComparer.Ordinal);
        foreach (var kernel in spec.Specialisations.Values.Prepend(spec).Select(each => each.Kernel).Distinct())
            kernels[kernel] = await KernelAsync(system, kernel, closure, ct); // packed later from its stored NAR
        meter.Phase("packing");
        var packed = await initrds.PackAsync(paths, closure, meter, ct);
        foreach (var path in packed) draft.Hold(path.Blob);
        draft.Hold(closure[0].NarHash.Digest); // the next refresh reads it again
        draft.Add(system, variant, new SourcedClosure
        {
            Toplevel = root.ToString(), Init = init,
            KernelArguments = spec.KernelParams, Paths = [.. closure.Select(ClosurePath.Of)],
        });
        var made = new Closure(system, closure, packed, kernels);
        await AddBootAsync(made, variant, root, spec, tree, init, shell, ct);
        foreach (var (name, other) in spec.Specialisations)
            await AddSpecialisationAsync(made, variant is null ? name : $"{variant}+{name}", name, other, ct);
    }

    private async Task AddSpecialisationAsync(Closure closure, string variant, string name, BootSpec spec,
        CancellationToken ct)
    {
        if (Specs.SourceSpecParser.VariantFault(name) is { } fault)
            throw new SourceException(SourceProblems.NotBootable,
                $"The specialisation '{SourceText.Quote(name)}' cannot become a variant: its name {fault}.");
        var root = InClosure(spec.Toplevel, closure.Paths, $"The specialisation {name}");
        var tree = await StoreTree.OpenAsync(paths, blobs, root, ct);
        var (init, shell) = await StageTwoAsync(root, tree, ct);
        draft.Hold((await paths.InfoAsync(root, ct)).NarHash.Digest);
        await AddBootAsync(closure, variant, root, spec, tree, init, shell, ct);
    }

    private async Task AddBootAsync(Closure closure, string? variant, StorePath root, BootSpec spec, StoreTree tree,
        string init, string shell, CancellationToken ct)
    {
        var stage = FirstStage.Of(root, init, shell, await InstalledAsync(tree, closure.Paths, ct),
            closure.Packed.Select(path => (path.Path, path.Programs)));
        var (initrd, leader) = await initrds.ComposeAsync(root, closure.Paths, closure.Packed, stage, ct);
        draft.Hold(leader);
        draft.Add(closure.System, variant, new BootParts
        {
            Kernel = closure.Kernels[spec.Kernel],
            Initrd = BootParts.Of(initrd),
            UnpackedBytes = closure.Paths.Sum(info => info.NarSize),
            KernelArguments = [.. ClosureInitrds.KernelArguments,
                .. KernelLine.Kept(ClosureInitrds.OwnArguments(spec.KernelParams), $"{root}")],
        });
        foreach (var nar in tree.Used) draft.Hold(nar);
    }

    /// <summary>What <c>boot.json</c> says; of older systems, their links and <c>kernel-params</c>.</summary>
    private static async Task<BootSpec> SpecAsync(StorePath root, StoreTree tree, CancellationToken ct)
    {
        if (tree.Names.Contains("boot.json")
            && BootSpec.Parse(await tree.ReadTextAsync("boot.json", ct), $"{root}/boot.json") is { } spec)
            return spec;
        if (!tree.Names.Contains("kernel-params"))
            throw new SourceException(SourceProblems.NotBootable,
                $"{root} has neither a boot.json of RFC 125 (version 1) nor kernel-params.");
        return new BootSpec(root.ToString(), $"{root}/kernel",
            [.. KernelArgument.Split(await tree.ReadTextAsync("kernel-params", ct))]);
    }

    /// <summary>
    /// NixOS's stage 2 script, and its interpreter. With systemd in stage 1 <c>init</c> is systemd itself, which would
    /// start a system that was never activated.
    /// </summary>
    private static async Task<(string Init, string Shell)> StageTwoAsync(StorePath root, StoreTree tree,
        CancellationToken ct)
    {
        foreach (var name in Scripts.Where(name => tree.Names.Contains(name)))
            if (ShellOf(await tree.ReadHeadAsync(name, FirstLineBytes, ct)) is { } shell)
                return ($"{root}/{name}", shell);
        throw new SourceException(SourceProblems.NotBootable,
            $"{root} cannot boot as an initrd: neither its prepare-root nor its init is a script, so that only its " +
            "own initrd could activate it (nixos-init). Set system.nixos-init.enable = false in its configuration, " +
            "or import \"${modulesPath}/installer/netboot/netboot.nix\" and take its netboot output instead.");
    }

    /// <summary>The interpreter of a script, which has to be of the store; null for what is no script.</summary>
    private static string? ShellOf(byte[] head)
    {
        var line = Encoding.UTF8.GetString(head).Split('\n')[0];
        if (!line.StartsWith("#!", StringComparison.Ordinal)) return null;
        var shell = line[2..].Trim().Split(' ', '\t')[0];
        return StorePath.TrySplit(shell, out _, out var below) && below.Length > 0 ? shell : null;
    }

    /// <summary>The store paths that the system puts on the PATH: what <c>sw</c> refers to.</summary>
    private static async Task<HashSet<StorePath>> InstalledAsync(StoreTree tree, ImmutableArray<PathInfo> closure,
        CancellationToken ct) =>
        tree.Names.Contains("sw") && StorePath.TrySplit(await tree.ResolveAsync("sw", ct), out var sw, out _)
            ? [.. closure.Where(info => info.Path == sw).SelectMany(info => info.References)] : [];

    private async Task<Artifact> KernelAsync(string system, string kernel, ImmutableArray<PathInfo> closure,
        CancellationToken ct)
    {
        if (!StorePath.TrySplit(kernel, out _, out var file) || file.Length == 0)
            throw new SourceException(SourceProblems.NotBootable,
                $"The kernel '{SourceText.Quote(kernel)}' of {closure[0].Path} is no file of a store path.");
        var tree = await StoreTree.OpenAsync(paths, blobs, InClosure(kernel, closure, "The kernel"), ct);
        var fetched = await tree.StoreAsync(file, BootJudges.Of(Roles.Kernel, system), ct);
        var unpacked = await blobs.UnpackKernelAsync(fetched, system, kernel, ct);
        if (unpacked != fetched) draft.Hold(fetched.Digest);
        foreach (var nar in tree.Used) draft.Hold(nar);
        return BootParts.Of(unpacked);
    }

    private static StorePath InClosure(string file, ImmutableArray<PathInfo> closure, string what) =>
        StorePath.TrySplit(file, out var path, out _) && closure.Any(info => info.Path == path) ? path
            : throw new SourceException(SourceProblems.NotBootable,
                $"{what} is '{SourceText.Quote(file)}', which does not belong to {closure[0].Path}.");

    /// <summary>A closure whose store paths are all packed.</summary>
    /// <param name="System">The Nix system.</param>
    /// <param name="Paths">Its paths, the system first.</param>
    /// <param name="Packed">The same, packed.</param>
    /// <param name="Kernels">The kernels by their paths.</param>
    private sealed record Closure(string System, ImmutableArray<PathInfo> Paths, ImmutableArray<PackedPath> Packed,
        Dictionary<string, Artifact> Kernels);
}
