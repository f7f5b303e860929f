using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Jobs;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Sources.Hydras;

/// <summary>Asks Hydras for builds.</summary>
public sealed class HydraClient(SourceDownloads downloads, SourceRules rules, IOptions<SourcesOptions> options)
{
    /// <summary>The output of the latest good build of a job.</summary>
    /// <exception cref="SourceException">There is none.</exception>
    public async Task<StorePath> FindLatestAsync(string url, string project, string jobset, string job,
        IJobProgress progress, CancellationToken ct)
    {
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        meter.Phase("checking");
        return (await LatestAsync(url, project, jobset, job, meter, ct)).Build.Output;
    }

    /// <summary>The last good build of an evaluation that has finished, else the last good build.</summary>
    internal async Task<(SourceLink Link, HydraBuild Build)> LatestAsync(string url, string project, string jobset,
        string job, SourceMeter meter, CancellationToken ct)
    {
        var hydra = rules.Root(url.TrimEnd('/') + "/");
        var path = $"job/{Uri.EscapeDataString(project)}/{Uri.EscapeDataString(jobset)}/{Uri.EscapeDataString(job)}";
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
        meter.Log($"{job}: build {build.Id} of {project}/{jobset}, {build.Output}");
        return (link, build);
    }
}
