using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using NetbootServer.Hosting;
using NetbootServer.Nix.Stores;
using NetbootServer.Storage;

namespace NetbootServer.Initrds;

/// <summary>Registers initrds that are composed of store paths.</summary>
public static class InitrdsSetup
{
    /// <summary>Adds them; they need the blob store and the database.</summary>
    public static IServiceCollection AddInitrds(this IServiceCollection services)
    {
        services.TryAddSingleton<ServerMeter>();
        return services
        .AddFeatureOptions<InitrdsOptions>("Initrds")
        .AddSingleton<InitrdMetrics>()
        .AddSingleton(provider => new PackedPaths(provider.GetRequiredService<Database>(),
            provider.GetRequiredService<SourceBlobs>(), provider.GetRequiredService<InitrdMetrics>(),
            provider.GetRequiredService<IOptions<InitrdsOptions>>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<ClosureInitrds>();
    }
}
