using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Images;
using NetbootServer.Initrds;
using NetbootServer.Nix.Commands;
using NetbootServer.Sources;
using NetbootServer.Sources.Specs;
using NetbootServer.Storage;

namespace NetbootServer.EndToEnd.Images;

/// <summary>The product's sources over a data directory of their own, without a server around them.</summary>
public sealed class SourceBench : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DirectoryInfo folder;

    private SourceBench(WebApplication app, DirectoryInfo folder) => (this.app, this.folder) = (app, folder);

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public GcRoots Roots => app.Services.GetRequiredService<GcRoots>();

    public string DataFolder => folder.FullName;

    public RecordedProgress Progress { get; } = new();

    public static async Task<SourceBench> StartAsync(Dictionary<string, string?> settings)
    {
        var folder = Directory.CreateTempSubdirectory("netboot-data-");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Blobs:MinFreeBytes"] = "0" });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddStorage(DataDirectory.Open(folder.FullName)).AddBlobs().AddInitrds().AddSources();
        var app = builder.Build();
        await app.PrepareStorageAsync(Ct);
        return new SourceBench(app, folder);
    }

    /// <summary>Settings with which a real Nix builds what lies below some folders.</summary>
    public static Dictionary<string, string?> With(RealNix nix, params string[] roots) =>
        new(roots.Select((root, i) => KeyValuePair.Create($"Images:DirectoryRoots:{i}", (string?)root)))
        {
            ["Nix:Path"] = nix.Nix, ["Nix:Store"] = nix.Store,
        };

    /// <summary>Fetches what an image's source, as an admin would write it, has.</summary>
    public Task<SourcedVersion> FetchAsync(object source, CancellationToken? ct = null)
    {
        var errors = new ValidationErrors();
        var json = System.Text.Json.JsonSerializer.SerializeToElement(source);
        var spec = app.Services.GetRequiredService<SourceSpecParser>()
            .Parse(json, "$.source", ["x86_64-linux"], errors);
        Assert.False(errors.Any, errors.Any ? $"{errors.First()}" : "");
        var request = new SourceRequest { Image = "test", Source = spec!, Systems = ["x86_64-linux"] };
        var type = json.GetProperty("type").GetString();
        return app.Services.GetRequiredKeyedService<IImageSource>(type).FetchAsync(request, Progress, ct ?? Ct);
    }

    /// <summary>The file of a blob that is one, or whose range it is.</summary>
    public async Task<byte[]> ReadAsync(Artifact artifact)
    {
        var bytes = await app.Services.GetRequiredService<BlobStore>().ReadAsync(folder.FullName, artifact.Digest);
        Assert.Equal(artifact.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return bytes;
    }

    public string BlobFile(string digest) => StoredBlobs.PathOf(folder.FullName, digest);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
