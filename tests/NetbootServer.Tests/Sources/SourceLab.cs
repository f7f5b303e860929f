using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Initrds;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources;
using NetbootServer.Sources.Hydras;
using NetbootServer.Sources.Specs;
using NetbootServer.Storage;
using NetbootServer.Tests.Blobs;

namespace NetbootServer.Tests.Sources;

/// <summary>All that sources need: settings with short pauses, a real blob store, and a record of progress.</summary>
internal sealed class SourceLab : IAsyncDisposable
{
    private SourceLab(BlobHost blobs, SourcesOptions options, Func<IPAddress, bool>? isPublic)
    {
        Blobs = blobs;
        Options = options;
        var wrapped = Microsoft.Extensions.Options.Options.Create(options);
        Rules = new SourceRules(wrapped);
        Http = new SourceHttp(Rules, wrapped, TimeProvider.System, new SourceConnections(options, isPublic));
        Partials = new PartialFiles(PartialFolder, (length, here, ct) => Stored!.CheckCapacityAsync(length, here, ct),
            TimeProvider.System);
        Downloads = new SourceDownloads(Http, Partials, wrapped, TimeProvider.System);
        Stored = new SourceBlobs(blobs.Store, blobs.App.Services.GetRequiredService<BlobIndex>(),
            blobs.App.Services.GetRequiredService<BlobDirectory>());
        Meter = new SourceMeter(Progress);
        var services = blobs.App.Services;
        Packed = new PackedPaths(services.GetRequiredService<Database>(), Stored,
            new InitrdMetrics(new ServerMeter(services.GetRequiredService<IMeterFactory>())),
            Microsoft.Extensions.Options.Options.Create(Initrd), TimeProvider.System);
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;
    public BlobHost Blobs { get; }
    public SourcesOptions Options { get; }
    public InitrdsOptions Initrd { get; } = new();
    public SourceRules Rules { get; }
    public SourceHttp Http { get; }
    public Microsoft.Extensions.Options.IOptions<SourcesOptions> Wrapped =>
        Microsoft.Extensions.Options.Options.Create(Options);
    public ReleaseSource Release => new(Downloads, Http, Rules, Stored, Wrapped, TimeProvider.System,
        Microsoft.Extensions.Logging.Abstractions.NullLogger<ReleaseSource>.Instance);
    public HydraSource Hydra => new(
        new HydraClient(Downloads, Rules, Wrapped), Downloads, Rules, Stored, Initrds, Wrapped);
    public CacheSource Cache => new(Downloads, Rules, Stored, Initrds, Wrapped);
    public UrlSource Url => new(Downloads, Http, Rules, Stored, Wrapped, TimeProvider.System,
        Microsoft.Extensions.Logging.Abstractions.NullLogger<UrlSource>.Instance);
    public DirectorySource Directory => new(new DirectoryRoots(Wrapped), Stored, Wrapped);
    public PartialFiles Partials { get; private set; }
    public SourceDownloads Downloads { get; private set; }
    public SourceBlobs Stored { get; }
    public PackedPaths Packed { get; }
    public ClosureInitrds Initrds => new(Stored, Packed);
    public RecordedProgress Progress { get; } = new();
    public SourceMeter Meter { get; }

    /// <summary>Files of blobs, half or whole.</summary>
    public IEnumerable<string> BlobFiles =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Blobs.Folder, "blobs"), "*", SearchOption.AllDirectories);

    public string PartialFolder => Path.Combine(Blobs.Folder, "partial");
    public IEnumerable<string> PartialFilesLeft => System.IO.Directory.Exists(PartialFolder)
        ? System.IO.Directory.EnumerateFiles(PartialFolder) : [];

    public static async Task<SourceLab> StartAsync(Action<SourcesOptions>? configure = null,
        Func<IPAddress, bool>? isPublic = null, Dictionary<string, string?>? settings = null)
    {
        var options = new SourcesOptions
        {
            RetryDelay = TimeSpan.FromMilliseconds(10), Retries = 3, MinBytesPerSecond = 0,
            // Tests are about what a source does, not about how busy the machine is; some make it short.
            StallTimeout = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        configure?.Invoke(options);
        return new SourceLab(await BlobHost.StartAsync(settings), options, isPublic);
    }

    /// <summary>Forgets all that is in memory, as a restart does.</summary>
    public void Restart()
    {
        var wrapped = Microsoft.Extensions.Options.Options.Create(Options);
        Partials = new PartialFiles(PartialFolder, Stored.CheckCapacityAsync, TimeProvider.System);
        Downloads = new SourceDownloads(Http, Partials, wrapped, TimeProvider.System);
    }

    public static SourceRequest Request(SourceSpec spec, params string[] systems) => new()
    {
        Image = "test", Source = spec, Systems = systems.Length == 0 ? ["x86_64-linux"] : [.. systems],
    };

    public byte[] Read(Artifact artifact) =>
        Blobs.Store.ReadAsync(Blobs.Folder, artifact.Digest).GetAwaiter().GetResult();

    public async Task<byte[]> FetchAsync(string url, DownloadRequest? wish = null)
    {
        using var download = await Downloads.FetchAsync(Rules.Root(url), wish ?? DownloadRequest.Any, Meter, Ct);
        Assert.NotNull(download);
        await using var file = download.Open();
        var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, Ct);
        download.Delete();
        return bytes.ToArray();
    }

    public static async Task<SourceException> FailsAsync(NetbootServer.Api.ProblemType problem, Func<Task> action)
    {
        var e = await Assert.ThrowsAsync<SourceException>(action);
        Assert.True(problem == e.Problem, $"{e.Problem.Name}: {e.Message}");
        return e;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Blobs.DisposeAsync();
    }
}
