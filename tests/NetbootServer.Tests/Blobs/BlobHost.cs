using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Tests.Blobs;

/// <summary>The blob store and its endpoint on a real Kestrel, over a data directory of its own.</summary>
internal sealed class BlobHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly bool _keepFolder;

    private BlobHost(WebApplication app, DirectoryInfo folder, bool keepFolder) =>
        (App, _folder, _keepFolder) = (app, folder, keepFolder);

    public WebApplication App { get; }
    public string Folder => _folder.FullName;
    public BlobStore Store => App.Services.GetRequiredService<BlobStore>();
    public Uri Address => new(App.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Starts it.</summary>
    /// <param name="settings">Settings as on a command line; free space is not looked at unless said here.</param>
    /// <param name="configure">More services and listeners.</param>
    /// <param name="listen">The listener.</param>
    /// <param name="use">Middleware.</param>
    /// <param name="folder">An earlier host's data directory, to be used again.</param>
    public static async Task<BlobHost> StartAsync(Dictionary<string, string?>? settings = null,
        Action<WebApplicationBuilder>? configure = null, string? folder = null, Action<ListenOptions>? listen = null,
        Action<WebApplication>? use = null)
    {
        var directory = folder is null ? Directory.CreateTempSubdirectory("netboot-blobs-") : new DirectoryInfo(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Blobs:MinFreeBytes"] = "0" });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseZeroCopy();
            kestrel.Listen(IPAddress.Loopback, 0, options => listen?.Invoke(options));
        });
        builder.Services.AddStorage(DataDirectory.Open(directory.FullName)).AddBlobs();
        // It raises alarms, which this host has not.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(DiskWatch)));
        configure?.Invoke(builder);
        var app = builder.Build();
        use?.Invoke(app);
        app.MapBlobs();
        await using (var db = await app.Services.GetRequiredService<IDbContextFactory<NetbootDb>>()
            .CreateDbContextAsync(Ct))
            await db.Database.EnsureCreatedAsync(Ct);
        await app.StartAsync(Ct);
        return new BlobHost(app, directory, folder is not null);
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Task<StoredBlob> AddAsync(byte[] bytes) => Store.AddAsync(new MemoryStream(bytes), BlobLimits.None, Ct);

    public string PathOf(StoredBlob blob) =>
        StoredBlobs.PathOf(Folder, blob.Digest.ToString());

    public Uri UrlOf(StoredBlob blob, string name = "file") => new(Address, $"/blobs/{blob.Digest}/{name}");

    /// <summary>Bytes that no compression or coincidence makes equal to others.</summary>
    public static byte[] RandomBytes(int length, int seed = 1) => BootFiles.Noise(length, seed);

    /// <summary>Compares without printing megabytes.</summary>
    public static void AssertSame(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(actual));
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        if (!_keepFolder) _folder.Delete(recursive: true);
    }
}
