using NetbootServer.Downloads;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Hydras;
using NetbootServer.Sources.Presets;
using NetbootServer.Sources.Specs;
using NetbootServer.Storage;

namespace NetbootServer.Sources;

/// <summary>Registers where versions come from; each source is keyed by the <c>type</c> of an image's source.</summary>
public static class SourcesSetup
{
    /// <summary>Adds the sources; they need the blob store, the data directory and a clock.</summary>
    public static IServiceCollection AddSources(this IServiceCollection services) => services
        .AddFeatureOptions<SourcesOptions>("Images")
        .AddSingleton<SourceRules>()
        .AddSingleton<SourceHttp>()
        .AddSingleton(provider => new PartialFiles(provider.GetRequiredService<DataDirectory>().Below("downloads"),
            provider.GetRequiredService<SourceBlobs>().CheckCapacityAsync, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<SourceDownloads>()
        .AddSingleton<SourceBlobs>()
        .AddSingleton<DirectoryRoots>()
        .AddFeatureOptions<NixOptions>("Nix")
        .AddSingleton<InstallableRules>()
        .AddSingleton<NixCli>()
        .AddSingleton<GcRoots>()
        .AddSingleton(provider => new SourceSpecParser(
            provider.GetRequiredService<SourceRules>().Fault, provider.GetRequiredService<DirectoryRoots>().Fault,
            provider.GetRequiredService<InstallableRules>().Fault))
        .AddSingleton<HydraClient>()
        .AddSingleton<ClosureViews>()
        .AddSingleton<Refreshes>()
        .AddSingleton<RefreshWork>()
        .AddSingleton<JobWork>(provider => provider.GetRequiredService<RefreshWork>())
        .AddSingleton<RefreshOnDemand>()
        .AddHostedService(provider => provider.GetRequiredService<RefreshOnDemand>())
        .AddSingleton<PresetStore>()
        .AddSingleton<ISourceRequests, SourceRequests>()
        .AddChangeFollower("schedules of refreshes", ChangeStage.Work, FollowAsync)
        .AddKeyedSingleton<IImageSource, ReleaseSource>("release")
        .AddKeyedSingleton<IImageSource, NixSource>("nix")
        .AddKeyedSingleton<IImageSource, HydraSource>("hydra")
        .AddKeyedSingleton<IImageSource, CacheSource>("cache")
        .AddKeyedSingleton<IImageSource, UrlSource>("url")
        .AddKeyedSingleton<IImageSource, DirectorySource>("directory");

    private static async Task FollowAsync(IServiceProvider provider, Changes changes, CancellationToken ct)
    {
        var schedules = provider.GetRequiredService<JobSchedules>();
        IEnumerable<string> images = changes.HasAll(ChangeKinds.Image)
            ? provider.GetRequiredService<ImageCatalog>().Images.Keys : changes.Names(ChangeKinds.ImageSpec);
        foreach (var image in images) await schedules.FollowAsync(Refreshes.KeyOf(image), ct);
    }
}
