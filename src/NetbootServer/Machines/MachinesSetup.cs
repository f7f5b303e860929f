using NetbootServer.Profiles;
using NetbootServer.Startup;

namespace NetbootServer.Machines;

/// <summary>Registers machines, and what profiles want to know of them.</summary>
internal static class MachinesSetup
{
    public static IServiceCollection AddMachines(this IServiceCollection services) => services
        .AddFeatureOptions<MachinesOptions>("Machines")
        .AddSingleton<MachineCache>()
        .AddSingleton<MachineStore>()
        .AddSingleton<ProfileUsers>(_ => MachineStore.UsersOfProfileAsync);
}
