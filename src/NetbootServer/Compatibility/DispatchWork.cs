using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;
using NetbootServer.Sources.Hydras;

namespace NetbootServer.Compatibility;

/// <summary>
/// Finds out which system a URL below <c>/dispatch</c> means now: builds a configuration, or asks a Hydra for its
/// latest build; and makes it bootable.
/// </summary>
internal sealed class DispatchWork(ServedNames names, ClosureImages closures, RefreshWork refreshes, NixCli nix,
    HydraClient hydra, GcRoots roots, ImportGate gate) : JobWork(JobKind)
{
    /// <summary>The kind of these jobs.</summary>
    public const string JobKind = "dispatch";

    /// <summary>The key of the jobs of a name.</summary>
    public static JobKey KeyOf(DispatchName name) => new(JobKind, name.Path);

    /// <returns>Id of the system's version.</returns>
    public override async Task<string?> RunAsync(JobContext job, IJobProgress progress, CancellationToken ct)
    {
        // Collected are neither the new root nor the blobs until the version has both.
        using var import = await gate.ImportAsync(ct);
        var folder = roots.Make();
        try
        {
            var system = await FindAsync(job.Subject, folder, progress, ct);
            progress.Log($"{job.Subject} is {system}");
            return await refreshes.RefreshAsync(await closures.AddAsync(system, ct), progress, ct);
        }
        finally
        {
            roots.Remove(folder);
        }
    }

    private async Task<StorePath> FindAsync(
        string? subject, string folder, IJobProgress progress, CancellationToken ct)
    {
        if (!DispatchName.TryParse(subject, out var name) || !names.Allow($"dispatch/{subject}"))
            throw new SourceException(SourceProblems.NotAllowed,
                $"Nix:ServeCompatibility does not name dispatch/{subject} any longer.");
        if (name is HydraName at) return await hydra.FindLatestAsync(names.HydraOf(at.Host), at.Project, at.Jobset,
            at.Job, progress, ct);
        if (names.FindConfiguration(((ConfigurationName)name).Name) is not var (file, readable))
            throw new SourceException(SourceProblems.Missing,
                $"There is no {subject}/default.nix in Nix:ConfigurationDirectory.");
        progress.Report(new JobProgress("building"));
        var output = await nix.BuildAsync(new(file, default) { Folder = readable }, null,
            roots.LinkOf(folder, NixSystem.Own, null), progress, ct);
        return output.Path;
    }
}
