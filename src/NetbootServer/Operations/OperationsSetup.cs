using Microsoft.Extensions.Hosting.Systemd;
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

    /// <summary>What begins when the server listens, in this order: the warm-up, then the report to systemd.</summary>
    public static IServiceCollection AddStartReports(this IServiceCollection services) => services
        .AddSingleton<OwnListener>()
        .AddHostedService<WarmUp>()
        .AddSingleton<ISystemdNotifier, SystemdNotifier>()
        .AddSingleton<SystemdService>()
        .AddHostedService(all => all.GetRequiredService<SystemdService>());
}
