using NetbootServer.Hosting;
using NetbootServer.Jobs;

namespace NetbootServer.Compatibility;

/// <summary>Registers the URLs of other servers.</summary>
internal static class CompatibilitySetup
{
    public static IServiceCollection AddCompatibility(this IServiceCollection services) => services
        .AddFeatureOptions<NixServeOptions>("Nix")
        .AddSingleton<ServedNames>()
        .AddSingleton<ClosureImages>()
        .AddSingleton<NixNetbootServe>()
        .AddSingleton<Dispatcher>()
        .AddSingleton<JobWork, DispatchWork>();
}
