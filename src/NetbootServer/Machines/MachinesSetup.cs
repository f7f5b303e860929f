using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Machines.Import;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Registers machines, and what profiles want to know of them.</summary>
internal static class MachinesSetup
{
    public static IServiceCollection AddMachines(this IServiceCollection services) => services
        .AddFeatureOptions<MachinesOptions>("Machines")
        .AddSingleton<MachineCache>()
        .AddSingleton<MachineStore>()
        .AddSingleton<MachineViews>()
        .AddSingleton<ProfileMachinesReader>()
        .AddSingleton<MachineImport>()
        .AddSingleton<ContradictionStore>()
        .AddSingleton(provider => new EventView("machine", async (name, ct) =>
            await provider.GetRequiredService<MachineStore>().FindAsync(name, ct) is { } machine
                ? (provider.GetRequiredService<MachineViews>().ListedOf(machine), name) : (null, name)))
        .AddSingleton<IReferrer, MachineReferrer>()
        .AddChangedRows<MachineRow>(ChangeKinds.Machine, MachineChanges.Describe)
        .AddChangeFollower("cache of machines", ChangeStage.Caches,
            (provider, changes) => provider.GetRequiredService<MachineCache>().Follow(changes))
        .AddSingleton<VersionPins>(_ => MachineReferences.PinsOfImageAsync);
}
