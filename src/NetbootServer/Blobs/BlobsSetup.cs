using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Serving.Bodies;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>Registers the blob store.</summary>
public static class BlobsSetup
{
    /// <summary>Adds <see cref="BlobStore"/> and <see cref="BlobIndex"/> over the data directory.</summary>
    public static IServiceCollection AddBlobs(this IServiceCollection services)
    {
        services.AddFeatureOptions<BlobsOptions>("Blobs").AddOptions<BlobsOptions>()
            .Configure<IConfiguration>((options, settings) => options.Location = settings["Blobs"]);
        services.TryAddSingleton(TimeProvider.System);
        return services.AddBodies()
            .AddSingleton(OpenDirectory)
            .AddSingleton<BlobFiles>()
            .AddSingleton<DownloadQueue>()
            .AddSingleton<BootDownloads>()
            .AddSingleton(all => new BlobIndex(all.GetRequiredService<Database>(), all.GetRequiredService<BlobFiles>(),
                all.GetRequiredService<IOptions<BlobsOptions>>()))
            .AddSingleton(all => new BlobStore(all.GetRequiredService<BlobDirectory>(),
                all.GetRequiredService<BlobFiles>(), all.GetRequiredService<BlobIndex>(),
                all.GetRequiredService<Database>(), all.GetRequiredService<IOptions<BlobsOptions>>(),
                all.GetRequiredService<TimeProvider>()))
            .AddSingleton<BlobScrub>()
            .AddChangedRows<BlobRow>(ChangeKinds.Blob, (changes, before, after) =>
            {
                changes.Add(ChangeKinds.Blob, (after ?? before)!.Sha256);
                changes.AddStale(BlobRow.DigestOf((after ?? before)!.Sha256));
            })
            .AddChangeFollower("index of blobs", ChangeStage.Caches, (provider, changes) =>
            {
                if (changes.Has(ChangeKinds.Blob)) provider.GetRequiredService<BlobIndex>().Follow(changes);
            })
            .AddSingleton<ExceptionProblem>(_ => BlobRefusedException.ProblemOf)
            .AddHostedService<OpenAtStart>()
            .AddHostedService<DiskWatch>();
    }

    private static BlobDirectory OpenDirectory(IServiceProvider all)
    {
        var location = all.GetRequiredService<IOptions<BlobsOptions>>().Value.Location;
        return string.IsNullOrEmpty(location)
            ? BlobDirectory.Open(all.GetRequiredService<DataDirectory>())
            : throw new StartFailure("Blobs", location,
                "blobs can be kept in the data directory only: leave this setting out");
    }

    /// <summary>Finds faults of the folder, and sweeps it, at the start instead of at the first request.</summary>
    private sealed class OpenAtStart(BlobDirectory directory) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = directory;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
