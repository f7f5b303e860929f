using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Hydras;
using NetbootServer.Sources.Layouts;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>
/// <c>hydra</c>: the latest good build of a job, from its binary cache or from Hydra's own downloads.
/// </summary>
public sealed class HydraSource(HydraClient hydra, SourceDownloads downloads, SourceRules rules, SourceBlobs blobs,
    ClosureInitrds initrds, IOptions<SourcesOptions> options) : IImageSource
{
    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var spec = (HydraSpec)request.Source;
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        var draft = new VersionDraft();
        draft.Provenance["hydra"] = spec.Url;
        var paths = spec.Cache is null ? null : new StorePaths(
            new BinaryCache(spec.Cache.Url, spec.Cache.Keys, downloads, rules, meter, ct), blobs, meter,
            options.Value);
        if (spec.Cache is not null) draft.Provenance["cache"] = spec.Cache.Url;
        foreach (var (system, variant) in SourceSpecParser.Each(request.Systems, spec.Variants))
        {
            meter.Phase("checking");
            var (link, build) = await hydra.LatestAsync(spec.Url, spec.Project, spec.Jobset,
                Placeholders.Fill(spec.Job, system, variant), meter, ct);
            Note(draft, system, variant, link, build);
            meter.Phase("downloading");
            if (paths is not null)
            {
                await new StoreReader(paths, blobs, initrds, meter, draft)
                    .AddAsync(system, variant, build.Output, spec.Kind, ct);
                continue;
            }
            if (spec.Kind == SourceKind.Closure)
                throw new SourceException(SourceProblems.NotBootable,
                    $"A closure cannot be downloaded from {spec.Url}: name its binary cache ('cache').");
            var tree = new ProductTree(link, build, downloads, rules, blobs, meter);
            draft.Add(system, variant, await new BootLayout(tree, system, blobs).ReadAsync(spec.Kind, ct));
        }
        return draft.Finish();
    }

    private static void Note(VersionDraft draft, string system, string? variant, SourceLink link, HydraBuild build)
    {
        var from = draft.From(system, variant);
        from["build"] = build.Id;
        from["url"] = link.ToString();
        from["drvPath"] = build.Derivation;
        from["storePath"] = build.Output.ToString();
    }
}
