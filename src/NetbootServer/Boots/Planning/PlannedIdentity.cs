using System.Collections.Immutable;
using NetbootServer.Api;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>A machine that a plan is asked for.</summary>
/// <param name="Machine">Its record.</param>
/// <param name="Identity">What it is taken to say at its next boot.</param>
/// <param name="Doubts">What speaks against its being this machine.</param>
internal sealed record PlannedMachine(Machine Machine, MachineIdentity Identity, ImmutableArray<PlanWarning> Doubts);

/// <summary>Recognises a machine in a plan as it would be recognised at its next boot.</summary>
internal static class PlannedIdentity
{
    /// <summary>The catalog as the machine would see it at its next boot.</summary>
    public static async Task<(CatalogView View, PlannedMachine Planned)> PlanAsync(
        this Catalog catalog, Machine machine, MachineIdentity asked, CancellationToken ct)
    {
        var identity = MachineIdentity.ExpectedOf(machine, asked);
        var (view, recognition) = await catalog.ReadAsync(identity, ct);
        if (!IsIt(recognition, machine) && asked.Mac is null && FirstMac(machine) is { } mac && mac != identity.Mac)
        {
            // The MAC that it was last seen with is no longer registered: it boots from one that is.
            identity = identity with { Mac = mac };
            (view, recognition) = await catalog.ReadAsync(identity, ct);
        }
        if (IsIt(recognition, machine))
            return (catalog.ViewOf(machine), new(machine, identity, recognition.Difference is { } difference
                ? [new(PlanWarnings.IdentityDiffers,
                    $"One value differs: {difference}. It boots all the same, with an alarm. " +
                    "Correct the registration, or forget the reference if the hardware has changed.")]
                : []));
        if (recognition.Contradiction is { } contradiction)
            return (view, new(machine, identity, [new(PlanWarnings.IdentityContradicts, "A request that says this " +
                $"contradicts a registration: {contradiction.Text}. It raises an alarm, on which you say which " +
                $"machine it is.")]));
        return (catalog.ViewOf(machine),
            new(machine, identity, [new(PlanWarnings.OtherMachine, recognition.Machine is { } other
            ? $"A request that says this is taken for '{other.Name}', not for '{machine.Name}'."
            : $"A request that says this is taken for an unknown machine, not for '{machine.Name}'.")]));
    }

    private static bool IsIt(Recognition recognition, Machine machine) => recognition.Machine?.Id == machine.Id;

    private static MacAddress? FirstMac(Machine machine) =>
        MacAddress.TryParse(machine.Spec.Macs.FirstOrDefault(), out var mac) ? mac : null;
}
