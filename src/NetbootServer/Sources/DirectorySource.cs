using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary><c>directory</c>: a folder on this server, below one of <c>Images:DirectoryRoots</c>.</summary>
public sealed class DirectorySource(DirectoryRoots roots, SourceBlobs blobs, IOptions<SourcesOptions> options)
    : IImageSource
{
    private const int MaxComplaints = 5;

    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var spec = (DirectorySpec)request.Source;
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        var draft = new VersionDraft();
        meter.Phase("storing");
        foreach (var system in request.Systems)
        {
            var folder = Placeholders.Fill(spec.Path, system);
            var tree = new FolderTree(folder, roots, blobs, meter);
            draft.From(system, null)["path"] = folder;
            await AddAsync(draft, tree, system, meter, ct);
            tree.CheckUnchanged();
        }
        return draft.Finish();
    }

    /// <summary>NixOS's names come first; what is there in part only is said by whoever knows more of it.</summary>
    private async Task AddAsync(VersionDraft draft, FolderTree tree, string system, SourceMeter meter,
        CancellationToken ct)
    {
        var layout = new BootLayout(tree, system, blobs);
        var match = layout.HasNixOS ? null
            : new LayoutFinder(KnownLayouts.OfFolders, tree.Files()).Find(system, ct);
        if (match is { IsWhole: true } && !(match.Layout.ByContent && layout.HasTarball))
        {
            meter.Log($"{tree.Name}: {match.Layout.Title}: {string.Join(", ", match.Parts.Select(part => part.File))}");
            foreach (var lost in match.Lost) meter.Log(lost);
            var recipe = new LayoutRecipe(blobs, (file, judge, token) => tree.StoreAsync(file.Path, judge, token));
            draft.Add(system, await recipe.ReadAsync(match, iso: null, ct));
            foreach (var packed in recipe.Packed) draft.Hold(packed);
        }
        else if (match is null || layout.HasTarball)
            draft.Add(system, null, await layout.ReadAsync(SourceKind.Auto, ct));
        else
            throw new SourceException(SourceProblems.NotBootable, $"{tree.Name} looks like {match.Layout.Title}, but " +
                $"it is not whole. {string.Join(' ', match.Complaints.Take(MaxComplaints))} There are: " +
                $"{SourceText.Quote(string.Join(", ", tree.Names))}.");
    }
}
