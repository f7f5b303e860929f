using Microsoft.Extensions.Options;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots;

/// <summary>The one read of a boot request: profiles and images from memory, the machine through its cache.</summary>
internal sealed class Catalog(MachineCache machines, ProfileCatalog profiles, ImageCatalog images,
    IOptions<MachinesOptions> options, IOptions<BootsOptions> boots, TimeProvider time)
{
    /// <summary>What the catalog has on the machine that tells <paramref name="identity"/>.</summary>
    /// <exception cref="OperationCanceledException">
    /// The database did not answer within <see cref="BootsOptions.CatalogWait"/>.
    /// </exception>
    public async Task<(CatalogView View, string? Contradiction)> ReadAsync(MachineIdentity identity, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(boots.Value.CatalogWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var (machine, contradiction) = await FindAsync(identity, either.Token);
        return (ViewOf(machine), contradiction);
    }

    /// <summary>The catalog around a machine that is known already.</summary>
    public CatalogView ViewOf(Machine? machine) => new(machine, profiles.Profiles, images.Images, options.Value.Unknown);

    /// <summary>
    /// Who this is: a registered MAC decides; without one, a registered UUID that only one machine has; without one,
    /// the discovered machine of that MAC.
    /// </summary>
    private async Task<(Machine? Machine, string? Contradiction)> FindAsync(MachineIdentity identity, CancellationToken ct)
    {
        Machine? registered = null, discovered = null;
        string? contradiction = null;
        foreach (var mac in Macs(identity))
        {
            var found = await machines.ByMacAsync(mac, ct);
            if (found is { State: MachineState.Discovered }) discovered ??= found;
            else if (registered is null) registered = found;
            else if (found is not null && found.Id != registered.Id)
                contradiction ??= $"MAC {mac} belongs to '{found.Name}', another of its MACs to '{registered.Name}'";
        }
        if (identity.Uuid is { } uuid && await machines.ByUuidAsync(uuid, ct) is { } byUuid)
        {
            if (registered is null) registered = byUuid;
            else if (byUuid.Id != registered.Id)
                contradiction ??= $"its MAC belongs to '{registered.Name}', its UUID to '{byUuid.Name}'";
        }
        return (registered ?? discovered, contradiction);
    }

    private static IEnumerable<MacAddress> Macs(MachineIdentity identity) =>
        identity.Mac is { } mac ? identity.OtherMacs.Prepend(mac).Distinct() : identity.OtherMacs;
}
