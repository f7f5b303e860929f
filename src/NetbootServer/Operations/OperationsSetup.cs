using NetbootServer.Hosting;
using NetbootServer.Jobs;

namespace NetbootServer.Operations;

/// <summary>Registers scrubs, and what an empty server begins with.</summary>
internal static class OperationsSetup
{
    public static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddFeatureOptions<ScrubOptions>("Jobs")
        .AddSingleton<ScrubWork>()
        .AddSingleton<JobWork>(provider => provider.GetRequiredService<ScrubWork>())
        .AddHostedService<FirstImages>();
}
