using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Jobs;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>
/// <c>nix</c>: built on this server. Its outputs are stored as blobs; the store is only where they were made.
/// </summary>
public sealed class NixSource(NixCli nix, InstallableRules rules, GcRoots roots, SourceBlobs blobs,
    ClosureInitrds initrds, IOptions<SourcesOptions> options) : IImageSource
{
    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(progress);
        progress.Report(new JobProgress("evaluating"));
        var version = await nix.VersionAsync(ct);
        progress.Log($"Nix {version}");
        var folder = roots.Make();
        try
        {
            return await BuildAsync(request, (NixSpec)request.Source, version, folder, progress, ct);
        }
        catch
        {
            roots.Remove(folder);
            throw;
        }
    }

    private async Task<SourcedVersion> BuildAsync(SourceRequest request, NixSpec spec, string version, string folder,
        IJobProgress progress, CancellationToken ct)
    {
        var draft = new VersionDraft();
        draft.Provenance["nix"] = version;
        var flakes = new Dictionary<string, NixFlake>(StringComparer.Ordinal);
        var outputs = new List<(string System, string? Variant, NixOutput Output)>();
        foreach (var (system, variant) in SourceSpecParser.Each(request.Systems, spec.Variants))
        {
            var installable = rules.Check(Placeholders.Fill(spec.Installable, system, variant));
            var from = draft.From(system, variant);
            from["installable"] = installable.ToString();
            NixFlake? flake = null;
            if (installable is { IsFile: false, StorePath: null })
            {
                if (!flakes.TryGetValue(installable.Reference, out flake))
                    flakes[installable.Reference] = flake = await nix.FlakeAsync(installable, progress, ct);
                from["flake"] = flake.ToJson();
                // All variants are of the same state of the flake, whatever happens to it meanwhile.
                installable = installable with { Reference = flake.Url };
            }
            progress.Log($"building {installable}");
            var output = await nix.BuildAsync(installable, flake, roots.LinkOf(folder, system, variant), progress, ct);
            outputs.Add((system, variant, output));
            from["drvPath"] = output.Derivation;
        }
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        meter.Phase("storing");
        var store = new LocalStore(nix, meter);
        var reader = new StoreReader(new StorePaths(store, blobs, meter, options.Value), blobs, initrds, meter,
            draft);
        foreach (var (system, variant, output) in outputs)
        {
            await store.LearnAsync(await nix.ClosureAsync(output.Path, ct), ct);
            await reader.AddAsync(system, variant, output.Path, spec.Kind, ct);
        }
        draft.Provenance["gcRoots"] = folder;
        return draft.Finish() with { GcRoots = folder };
    }
}
