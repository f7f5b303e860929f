using System.Collections.Immutable;

namespace NetbootServer.Machines;

/// <summary>All that a machine is looked up by.</summary>
/// <param name="Macs">Its MACs, with colons.</param>
/// <param name="Uuid">Its UUID as <see cref="MachineUuid.Key"/> spells it.</param>
/// <param name="Serial">Its serial number as <see cref="MachineSerial.Key"/> spells it.</param>
public sealed record MachineKeys(ImmutableArray<string> Macs, string? Uuid, string? Serial)
{
    /// <summary>The keys of a machine.</summary>
    public static MachineKeys Of(Machine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return new(machine.Spec.Macs, machine.KnownUuid?.Key, machine.KnownSerial?.Key);
    }

    /// <summary>The UUID that a machine is compared with: the registered one, else the one that it reported.</summary>
    public static MachineUuid? UuidOf(MachineSpec spec, MachineReference? reference)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return MachineUuid.TryParse(spec.Uuid, out var registered) ? registered
            : MachineUuid.TryParse(reference?.Uuid, out var reported) ? reported : null;
    }

    /// <summary>The serial number that a machine is compared with, likewise.</summary>
    public static MachineSerial? SerialOf(MachineSpec spec, MachineReference? reference)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return MachineSerial.TryParse(spec.Serial, out var registered) ? registered
            : MachineSerial.TryParse(reference?.Serial, out var reported) ? reported : null;
    }

    internal static MachineKeys Of(MachineRow row) => new(row.ReadSpec().Macs, row.UuidKey, row.SerialKey);
}
