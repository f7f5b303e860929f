using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>The one read of a boot request: profiles and images from memory, the machine through its cache.</summary>
internal sealed class Catalog(MachineCache machines, ProfileCatalog profiles, ImageCatalog images,
    IOptions<MachinesOptions> options, IOptions<BootsOptions> boots, SteadyClock steady, TimeProvider time)
{
    /// <summary>What the catalog has on the machine that tells <paramref name="identity"/>.</summary>
    /// <exception cref="OperationCanceledException">
    /// The database did not answer within <see cref="BootsOptions.CatalogWait"/>.
    /// </exception>
    public async ValueTask<(CatalogView View, string? Contradiction)> ReadAsync(MachineIdentity identity, CancellationToken ct)
    {
        var macs = MacsOf(identity);
        if (!machines.TryFind(macs, identity.Uuid, out var found))
        {
            using var limit = new CancellationTokenSource(boots.Value.CatalogWait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            found = await machines.FindAsync(macs, identity.Uuid, either.Token);
        }
        var machine = Recognize(macs, found, out var contradiction);
        return (ViewOf(machine), contradiction);
    }

    /// <summary>The catalog around a machine that is known already.</summary>
    public CatalogView ViewOf(Machine? machine) => new(machine, profiles.Current, images.Images, options.Value.Unknown)
    {
        LocalDisk = boots.Value.LocalDisk, Now = steady.Now,
    };

    /// <summary>
    /// Who this is: a registered MAC decides; without one, a registered UUID that only one machine has; without one,
    /// the discovered machine of that MAC.
    /// </summary>
    private static Machine? Recognize(
        ImmutableArray<MacAddress> macs, MachinesFound found, out string? contradiction)
    {
        Machine? registered = null, discovered = null;
        contradiction = null;
        for (var i = 0; i < macs.Length; i++)
        {
            var byMac = found.ByMac[i];
            if (byMac is { State: MachineState.Discovered }) discovered ??= byMac;
            else if (registered is null) registered = byMac;
            else if (byMac is not null && byMac.Id != registered.Id)
                contradiction ??= $"MAC {macs[i]} belongs to '{byMac.Name}', another of its MACs to '{registered.Name}'";
        }
        if (found.ByUuid is { } byUuid)
        {
            if (registered is null) registered = byUuid;
            else if (byUuid.Id != registered.Id)
                contradiction ??= $"its MAC belongs to '{registered.Name}', its UUID to '{byUuid.Name}'";
        }
        return registered ?? discovered;
    }

    /// <summary>Its MACs, the one that it boots from first.</summary>
    private static ImmutableArray<MacAddress> MacsOf(MachineIdentity identity) =>
        identity.Mac is not { } mac ? identity.OtherMacs : identity.OtherMacs.Remove(mac).Insert(0, mac);
}
