using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetbootServer.Archives;
using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Images.Isos;

/// <summary>
/// Completes what has an ISO and nothing that boots: the boot files of a known layout in the ISO become its kernel,
/// initrds and further files. The ISO stays what it is. Every way by which a version comes in passes here.
/// </summary>
internal sealed class IsoOpener(SourceBlobs blobs, IOptions<SourcesOptions> options)
{
    private const int MaxComplaints = 4;

    /// <summary>The program that reads ISOs.</summary>
    internal string Command { get; init; } = IsoReader.Command;

    /// <summary>Completes the systems of a version.</summary>
    /// <param name="systems">What the version has.</param>
    /// <param name="progress">Receives what is done.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The same where there is nothing to open.</returns>
    /// <exception cref="SourceException">An ISO cannot be read, or has nothing known to boot.</exception>
    public async Task<ImmutableSortedDictionary<string, SystemRecipe>> CompleteAsync(
        ImmutableSortedDictionary<string, SystemRecipe> systems, IJobProgress progress, CancellationToken ct)
    {
        foreach (var (system, recipe) in systems.Where(pair => IsToBeOpened(pair.Value)))
            systems = systems.SetItem(system, await OpenAsync(system, recipe, progress, ct));
        return systems;
    }

    /// <summary>Whether there is an ISO and nothing that boots.</summary>
    public static bool IsToBeOpened(SystemRecipe recipe) => recipe is
    {
        Iso: not null, Boots: false, Kexec: null, KexecNoninteractive: null, Variants: null,
    };

    /// <summary>Completes one system of which <see cref="IsToBeOpened"/> said that it is to be.</summary>
    /// <exception cref="SourceException">The ISO cannot be read, or has nothing known to boot.</exception>
    public async Task<SystemRecipe> OpenAsync(string system, SystemRecipe recipe, IJobProgress progress,
        CancellationToken ct)
    {
        var iso = recipe.Iso!;
        if (await blobs.FileOfAsync(iso.Digest, ct) is not { } path)
        {
            progress.Log("The ISO is a part of a store path and is not opened.");
            return recipe;
        }
        await CheckAsync(iso, ct);
        progress.Report(new JobProgress("opening the ISO"));
        var reader = new IsoReader(path, Command);
        var listing = await reader.ListAsync(ct);
        if (listing.Has("nix-store.squashfs"))
        {
            progress.Log("This is an ISO of NixOS, whose first stage looks for its medium and not for the network: " +
                "it is stored and not opened. To boot NixOS take the netboot files of nixos-images.");
            return recipe;
        }
        var match = new LayoutFinder(KnownLayouts.OfIsos, listing.Files, inIso: true).Find(system, ct);
        if (match is not { IsWhole: true }) throw Unknown(match, listing);
        progress.Log($"The ISO is recognised as {match.Layout.Title}: {string.Join(", ", match.Parts.Select(
            part => part.File?.Path ?? "the ISO itself"))}");
        if (match.Layout.IsoNote is { } note) progress.Log(note);
        foreach (var lost in match.Lost) progress.Log(lost);
        return await ReadAsync(match, recipe, new IsoFiles(reader, listing, blobs, iso, options.Value, progress), ct);
    }

    private static async Task<SystemRecipe> ReadAsync(LayoutMatch match, SystemRecipe recipe, IsoFiles files,
        CancellationToken ct)
    {
        files.Expect(match.Parts.Select(part => part.File).OfType<LayoutFile>());
        var found = await new LayoutRecipe(files.Blobs, files.StoreAsync).ReadAsync(match, recipe.Iso, ct);
        return recipe with
        {
            Kernel = found.Kernel,
            Efi = found.Efi,
            Initrds = found.Initrds,
            Shim = recipe.Shim ?? found.Shim,
            // What came with the ISO, such as a preseed, goes before what is in it.
            Files = found.Files is null ? recipe.Files : found.FilesOrNone.SetItems(recipe.FilesOrNone),
            KernelArguments = [.. found.KernelArguments, .. recipe.KernelArguments],
        };
    }

    /// <summary>bsdtar reads many formats; what is no ISO by its own marks is not given to it.</summary>
    private async Task CheckAsync(Artifact iso, CancellationToken ct)
    {
        if (await blobs.FindAsync(iso.Digest, ct) is not { } blob)
            throw new SourceException(SourceProblems.Damaged, "The ISO is not in the store any more.");
        if (blob.File.Kind != BootFileKind.Iso)
            throw IsoFault.Of($"is {blob.File.Description}");
    }

    private static SourceException Unknown(LayoutMatch? match, IsoListing listing) => IsoFault.Of(
        "has nothing known to boot over the network. Looked for: " +
        string.Join(", ", KnownLayouts.OfIsos.Select(layout => layout.Name).Distinct(StringComparer.Ordinal)) +
        (match is null ? "" : $". Most like {match.Layout.Title}: " +
            string.Join(' ', match.Complaints.Take(MaxComplaints)).TrimEnd('.')) +
        $". It has: {listing.Shown}");
}
