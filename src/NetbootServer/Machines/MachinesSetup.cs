using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Machines.Import;
using NetbootServer.Profiles;
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
        .AddSingleton(provider => new ChangeSource("machine", async (name, ct) =>
            await provider.GetRequiredService<MachineStore>().FindAsync(name, ct) is { } machine
                ? (provider.GetRequiredService<MachineViews>().Of(machine), name) : (null, name)))
        .AddSingleton<ProfileUsers>(_ => MachineStore.UsersOfProfileAsync)
        .AddSingleton<RenameBlockers>(provider => (_, kind, name, _) => Task.FromResult<IReadOnlyList<string>>(
            kind == "profile" && provider.GetRequiredService<IOptions<MachinesOptions>>().Value.Unknown == name
                ? ["the setting Machines:Unknown"] : []))
        .AddSingleton<RenameFollowing>(_ => MachineRenames.FollowAsync)
        .AddChangedRows<MachineRow>(ChangeKinds.Machine, MachineChanges.Describe)
        .AddChangeFollower("cache of machines", ChangeStage.Caches,
            (provider, changes) => provider.GetRequiredService<MachineCache>().Follow(changes))
        .AddSingleton<ImageUsers>(_ => MachineReferences.UsersOfImageAsync)
        .AddSingleton<VersionPins>(_ => MachineReferences.PinsOfImageAsync);
}
