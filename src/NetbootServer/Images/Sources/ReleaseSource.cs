using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Images.Sources.Downloads;
using NetbootServer.Images.Sources.Releases;
using NetbootServer.Images.Sources.Specs;

namespace NetbootServer.Images.Sources;

/// <summary>
/// <c>release</c>: files under nixos-images' names, which are replaced in place by newer ones. All parts of a version
/// are of one build, or there is no version.
/// </summary>
public sealed class ReleaseSource(SourceDownloads downloads, SourceHttp http, SourceRules rules, SourceBlobs blobs,
    IOptions<SourcesOptions> options, TimeProvider time) : IImageSource
{
    private const int Tries = 3;

    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, ISourceProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var meter = new SourceMeter(progress, time);
        var draft = new VersionDraft();
        var later = ImmutableDictionary.CreateBuilder<Sha256Digest, string>();
        foreach (var system in request.Systems)
            foreach (var (digest, url) in await FetchAsync(request, system, draft, meter, ct)) later[digest] = url;
        return draft.Finish() with { Later = later.ToImmutable() };
    }

    private async Task<Dictionary<Sha256Digest, string>> FetchAsync(
        SourceRequest request, string system, VersionDraft draft, SourceMeter meter, CancellationToken ct)
    {
        for (var failures = 1; ; failures++)
        {
            try
            {
                var folder = new ReleaseFolder((ReleaseSpec)request.Source, system, downloads, http, rules, meter);
                var run = new ReleaseRun(folder, request, system, blobs, meter, draft);
                await run.RunAsync(ct);
                return run.Later;
            }
            catch (SourceException e) when (e.Problem == SourceProblems.Changing && failures < Tries)
            {
                var pause = options.Value.RetryDelay * Math.Pow(4, failures);
                meter.Log($"{e.Message} Reading it again in {pause.TotalSeconds:0.#} s.");
                await Task.Delay(pause, time, ct);
            }
        }
    }

    /// <summary>Brings the bytes of an artifact that was left for later, or that have rotted.</summary>
    /// <param name="provenance">The version's provenance.</param>
    /// <param name="digest">The artifact's digest.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Stops it; what came is kept.</param>
    /// <exception cref="SourceException">The release has other bytes by now.</exception>
    public async Task<StoredBlob> FetchLaterAsync(JsonElement provenance, Sha256Digest digest, ISourceProgress progress, CancellationToken ct)
    {
        var noted = (JsonNode.Parse(provenance.GetRawText())?["systems"] as JsonObject ?? [])
            .SelectMany(system => system.Value?["artifacts"] as JsonObject ?? [])
            .Select(artifact => artifact.Value).FirstOrDefault(artifact => (string?)artifact?["sha256"] == digest.ToString());
        if ((string?)noted?["url"] is not { } url)
            throw new SourceException(SourceProblems.Missing, $"Nothing is known of where {digest} came from.");
        var meter = new SourceMeter(progress, time);
        meter.Phase("downloading");
        var size = (long?)noted["sizeBytes"];
        if (size is not null) meter.ExpectBytes(size.Value);
        var wish = new DownloadWish { Length = size, Accept = "application/octet-stream" };
        using var download = await downloads.FetchAsync(rules.Root(url), wish, meter, ct)
            ?? throw new InvalidOperationException("A download without a condition is never unneeded.");
        return await blobs.AddAsync(download, new BlobLimits { Digest = digest }, ct);
    }
}
