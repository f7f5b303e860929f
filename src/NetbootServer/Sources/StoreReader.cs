using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>Makes a part of a version of a store path, whatever is in it and wherever it comes from.</summary>
/// <param name="paths">The store paths.</param>
/// <param name="blobs">Where their bytes go.</param>
/// <param name="initrds">Composes the initrds of systems.</param>
/// <param name="meter">Counts what is packed for them.</param>
/// <param name="draft">The version.</param>
internal sealed class StoreReader(StorePaths paths, SourceBlobs blobs, ClosureInitrds initrds, SourceMeter meter,
    VersionDraft draft)
{
    /// <summary>Adds what is in a store path.</summary>
    public async Task AddAsync(string system, string? variant, StorePath root, SourceKind kind, CancellationToken ct)
    {
        var tree = await StoreTree.OpenAsync(paths, blobs, root, ct);
        var layout = new BootLayout(tree, system, blobs);
        var from = draft.From(system, variant);
        from["storePath"] = root.ToString();
        from["narHash"] = (await paths.InfoAsync(root, ct)).NarHash.ToString();
        if (await paths.InfoAsync(root, ct) is CachedPath cached) from["signedBy"] = cached.SignedBy;
        if (kind == SourceKind.Closure || (kind == SourceKind.Auto && layout.IsToplevel))
            await AddClosureAsync(system, variant, root, tree, layout, ct);
        else
            draft.Add(system, variant, await layout.ReadAsync(kind, ct));
        foreach (var nar in tree.Used) draft.Hold(nar);
    }

    private async Task AddClosureAsync(string system, string? variant, StorePath root, StoreTree tree,
        BootLayout layout, CancellationToken ct)
    {
        if (!layout.IsToplevel)
            throw new SourceException(SourceProblems.NotBootable,
                $"{root} is no system: it has no init with kernel-params or " +
                $"boot.json; there are: {SourceText.Quote(string.Join(", ", tree.Names))}.");
        await new ClosureReader(paths, blobs, initrds, meter, draft).AddAsync(system, variant, root, tree, ct);
    }
}
