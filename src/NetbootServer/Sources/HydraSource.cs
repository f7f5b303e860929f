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
public sealed class HydraSource(SourceDownloads downloads, SourceRules rules, SourceBlobs blobs,
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
            var (link, build) = await LatestAsync(spec, Placeholders.Fill(spec.Job, system, variant), meter, ct);
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

    /// <summary>The last good build of an evaluation that has finished, else the last good build.</summary>
    private async Task<(SourceLink Link, HydraBuild Build)> LatestAsync(HydraSpec spec, string job, SourceMeter meter,
        CancellationToken ct)
    {
        var hydra = rules.Root(spec.Url.TrimEnd('/') + "/");
        var path = $"job/{Uri.EscapeDataString(spec.Project)}/{Uri.EscapeDataString(spec.Jobset)}/{Uri.EscapeDataString(job)}";
        SourceDocument document;
        try
        {
            document = await downloads.ReadAsync(rules.Found(hydra, path + "/latest-finished"), HydraBuild.MaxBytes,
                meter, ct, "application/json");
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing)
        {
            document = await downloads.ReadAsync(rules.Found(hydra, path + "/latest"), HydraBuild.MaxBytes, meter, ct,
                "application/json");
        }
        var build = HydraBuild.Parse(document);
        var link = rules.Found(hydra, $"build/{build.Id}") with { FromPublic = document.Link.FromPublic };
        meter.Log($"{job}: build {build.Id} of {spec.Project}/{spec.Jobset}, {build.Output}");
        return (link, build);
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
