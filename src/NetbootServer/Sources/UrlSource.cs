using Microsoft.Extensions.Options;
using NetbootServer.Downloads;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Specs;
using NetbootServer.Sources.Urls;

namespace NetbootServer.Sources;

/// <summary>
/// <c>url</c>: files at any addresses, pinned by their digests, by lists of digests or signatures, or taken as they
/// come. All parts of a version are of one build, or there is no version.
/// </summary>
public sealed partial class UrlSource(SourceDownloads downloads, SourceHttp http, SourceRules rules,
    SourceBlobs blobs, IOptions<SourcesOptions> options, TimeProvider time, ILogger<UrlSource> logger) : IImageSource
{
    private const int Tries = 3;

    /// <inheritdoc/>
    public async Task<SourcedVersion> FetchAsync(SourceRequest request, IJobProgress progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(progress);
        var tools = new UrlTools(downloads, http, rules, blobs);
        for (var failures = 1; ; failures++)
        {
            var meter = new SourceMeter(progress, options.Value.MaxVersionBytes);
            try
            {
                return await new UrlRun((UrlSpec)request.Source, request, tools, options.Value.MaxArtifactBytes, meter,
                    Announce).RunAsync(ct);
            }
            catch (SourceException e) when (e.Problem == SourceProblems.Changing && failures < Tries)
            {
                var pause = options.Value.RetryDelay * Math.Pow(4, failures);
                progress.Log($"{e.Message} Reading it again in {pause.TotalSeconds:0.#} s.");
                await Task.Delay(pause, time, ct);
            }
        }

        void Announce(string what)
        {
            progress.Log(what);
            Log.Announced(logger, request.Image, what);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Image {Image}: {What}")]
        public static partial void Announced(ILogger logger, string image, string what);
    }
}
