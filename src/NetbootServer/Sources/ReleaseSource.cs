using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Releases;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources;

/// <summary>
/// <c>release</c>: files under nixos-images' names, which are replaced in place by newer ones. All parts of a version
/// are of one build, or there is no version.
/// </summary>
public sealed partial class ReleaseSource(SourceDownloads downloads, SourceHttp http, SourceRules rules,
    SourceBlobs blobs,
    IOptions<SourcesOptions> options, TimeProvider time, ILogger<ReleaseSource> logger) : IImageSource
{
    private const int Tries = 3;

    /// <summary>Where a release's list is by the address of its downloads.</summary>
    internal Func<Uri, string?> ApiOf { get; init; } = ReleaseList.GitHubApi;

    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
        var draft = new VersionDraft();
        var later = ImmutableDictionary.CreateBuilder<Sha256Digest, string>();
        foreach (var system in request.Systems)
            foreach (var (digest, url) in await FetchAsync(request, system, draft, meter, ct)) later[digest] = url;
        return draft.Finish() with { Later = later.ToImmutable() };
    }

    private async Task<Dictionary<Sha256Digest, string>> FetchAsync(
        SourceRequest request, string system, VersionDraft draft, SourceMeter meter, CancellationToken ct)
    {
        void Announce(string what)
        {
            meter.Log(what);
            Log.Announced(logger, request.Image, what);
        }

        for (var failures = 1; ; failures++)
        {
            try
            {
                var folder = new ReleaseFolder((ReleaseSpec)request.Source, system, ApiOf, downloads, http, rules,
                    meter);
                var run = new ReleaseRun(folder, request, system, blobs, meter, draft, Announce);
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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Image {Image}: {What}")]
        public static partial void Announced(ILogger logger, string image, string what);
    }
}
