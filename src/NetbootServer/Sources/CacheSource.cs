using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary><c>cache</c>: store paths straight from a binary cache, without Nix.</summary>
public sealed class CacheSource(SourceDownloads downloads, SourceRules rules, SourceBlobs blobs,
    ClosureInitrds initrds, IOptions<SourcesOptions> options) : IImageSource
{
    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var spec = (CacheSpec)request.Source;
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        var draft = new VersionDraft();
        draft.Provenance["cache"] = spec.Cache.Url;
        var cache = new BinaryCache(spec.Cache.Url, spec.Cache.Keys, downloads, rules, meter, ct);
        var paths = new StorePaths(cache, blobs, meter, options.Value);
        var reader = new StoreReader(paths, blobs, initrds, meter, draft);
        meter.Phase("downloading");
        foreach (var path in spec.Paths)
            await reader.AddAsync(path.System, path.Variant, path.Path, spec.Kind, ct);
        return draft.Finish();
    }
}
