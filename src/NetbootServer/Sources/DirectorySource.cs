using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary><c>directory</c>: a folder on this server, below one of <c>Images:DirectoryRoots</c>.</summary>
public sealed class DirectorySource(DirectoryRoots roots, SourceBlobs blobs, IOptions<SourcesOptions> options)
    : IImageSource
{
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
            var parts = await new BootLayout(tree, system, blobs).ReadAsync(SourceKind.Auto, ct);
            tree.CheckUnchanged();
            draft.From(system, null)["path"] = folder;
            draft.Add(system, null, parts);
        }
        return draft.Finish();
    }
}
