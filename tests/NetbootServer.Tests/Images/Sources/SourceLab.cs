using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Images.Sources;
using NetbootServer.Images.Sources.Downloads;
using NetbootServer.Tests.Blobs;

namespace NetbootServer.Tests.Images.Sources;

/// <summary>All that sources need: settings with little patience, a real blob store, and a record of progress.</summary>
internal sealed class SourceLab : IAsyncDisposable
{
    private readonly SourceHttp _http;

    private SourceLab(BlobHost blobs, SourcesOptions options, Func<IPAddress, bool>? isPublic)
    {
        Blobs = blobs;
        Options = options;
        var wrapped = Microsoft.Extensions.Options.Options.Create(options);
        Rules = new SourceRules(wrapped);
        _http = new SourceHttp(Rules, wrapped, TimeProvider.System, new SourceConnections(options, isPublic));
        Partials = new PartialFiles(PartialFolder, 0, TimeProvider.System);
        Downloads = new SourceDownloads(_http, Partials, wrapped, TimeProvider.System);
        Stored = new SourceBlobs(blobs.Store, blobs.App.Services.GetRequiredService<BlobIndex>(),
            blobs.App.Services.GetRequiredService<BlobDirectory>());
        Meter = new SourceMeter(Progress, TimeProvider.System);
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;
    public BlobHost Blobs { get; }
    public SourcesOptions Options { get; }
    public SourceRules Rules { get; }
    public PartialFiles Partials { get; private set; }
    public SourceDownloads Downloads { get; private set; }
    public SourceBlobs Stored { get; }
    public RecordedProgress Progress { get; } = new();
    public SourceMeter Meter { get; }
    public string PartialFolder => Path.Combine(Blobs.Folder, "partial");
    public IEnumerable<string> PartialFilesLeft => Directory.Exists(PartialFolder) ? Directory.EnumerateFiles(PartialFolder) : [];

    public static async Task<SourceLab> StartAsync(Action<SourcesOptions>? configure = null,
        Func<IPAddress, bool>? isPublic = null, Dictionary<string, string?>? settings = null)
    {
        var options = new SourcesOptions
        {
            StallTimeout = TimeSpan.FromSeconds(5), RetryDelay = TimeSpan.FromMilliseconds(10), Retries = 3, MinBytesPerSecond = 0,
        };
        configure?.Invoke(options);
        return new SourceLab(await BlobHost.StartAsync(settings), options, isPublic);
    }

    /// <summary>Forgets all that is in memory, as a restart does.</summary>
    public void Restart()
    {
        var wrapped = Microsoft.Extensions.Options.Options.Create(Options);
        Partials = new PartialFiles(PartialFolder, 0, TimeProvider.System);
        Downloads = new SourceDownloads(_http, Partials, wrapped, TimeProvider.System);
    }

    public async Task<byte[]> FetchAsync(string url, DownloadWish? wish = null)
    {
        using var download = await Downloads.FetchAsync(Rules.Root(url), wish ?? DownloadWish.Any, Meter, Ct);
        Assert.NotNull(download);
        await using var file = download.Open();
        var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, Ct);
        download.Delete();
        return bytes.ToArray();
    }

    public static async Task<SourceException> FailsAsync(NetbootServer.Http.ProblemType problem, Func<Task> action)
    {
        var e = await Assert.ThrowsAsync<SourceException>(action);
        Assert.True(problem == e.Problem, $"{e.Problem.Name}: {e.Message}");
        return e;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Blobs.DisposeAsync();
    }
}

internal sealed class RecordedProgress : ISourceProgress
{
    public ConcurrentQueue<SourceProgress> Reports { get; } = new();
    public ConcurrentQueue<string> Lines { get; } = new();

    public void Report(SourceProgress progress) => Reports.Enqueue(progress);

    public void Log(string line) => Lines.Enqueue(line);
}
