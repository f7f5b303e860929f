using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>What a request says that can name a machine, the strongest first.</summary>
public enum Evidence
{
    /// <summary>Nothing names a registered machine.</summary>
    None,

    /// <summary>The MAC that it boots from.</summary>
    BootMac,

    /// <summary>Another of its MACs.</summary>
    OtherMac,

    /// <summary>Its SMBIOS UUID.</summary>
    Uuid,

    /// <summary>Its SMBIOS serial number.</summary>
    Serial,
}

/// <summary>
/// Which machine a request comes from: a pure function of what it says and of the records that its values name.
/// </summary>
/// <remarks>
/// <code>
/// boot MAC    ─► its machine, unless UUID and serial both contradict the reference
/// other MACs  ─► its machine, when UUID or serial agrees with the reference and neither contradicts
/// UUID,       ─► the one machine that has it, when that has no MAC yet or the request names none,
/// then serial    and the other value does not contradict
/// none of it  ─► a contradiction when something names a registered machine, else unknown or discovered
/// </code>
/// The first that identifies decides. A machine's reference is its registered UUID and serial, each that is not
/// registered as its first boot reported it; a missing value neither agrees nor contradicts. Discovered records are no
/// evidence against registered machines.
/// </remarks>
public sealed record Recognition
{
    /// <summary>Nothing that it says names a machine.</summary>
    public static readonly Recognition Unknown = new();

    /// <summary>
    /// The machine that was identified, or the discovered record; null for an unknown or contradicting one.
    /// </summary>
    public Machine? Machine { get; private init; }

    /// <summary>What identified the registered machine.</summary>
    public Evidence By { get; private init; }

    /// <summary>Why it may be none of the machines that it names; null otherwise.</summary>
    public Contradiction? Contradiction { get; private init; }

    /// <summary>
    /// The value that differs from the reference while the boot MAC identifies: firmware that changed it, or a
    /// stranger.
    /// </summary>
    public string? Difference { get; private init; }

    /// <summary>Another registered machine that has the UUID which this one reports.</summary>
    public Machine? UuidOf { get; private init; }

    /// <summary>Whether a boot of it may teach what its machine's reference is.</summary>
    public bool IsSure => Machine is { State: MachineState.Registered } && Difference is null && UuidOf is null;

    /// <summary>Which machine it is.</summary>
    /// <param name="identity">What the request says.</param>
    /// <param name="found">
    /// The records of its values, the MACs in the order of <see cref="MachineIdentity.AllMacs"/>.
    /// </param>
    public static Recognition Of(MachineIdentity identity, MachinesFound found)
    {
        ArgumentNullException.ThrowIfNull(identity);
        var macs = identity.AllMacs;
        List<Naming>? named = null;
        for (var i = 0; i < macs.Length; i++)
        {
            if (found.ByMac[i] is not { State: MachineState.Registered } machine) continue;
            var by = i == 0 && identity.Mac is not null ? Evidence.BootMac : Evidence.OtherMac;
            var compared = Comparison.Of(machine, identity);
            if (by == Evidence.BootMac ? !compared.BothContradict
                : compared is { AnyAgrees: true, AnyContradicts: false })
                return Identified(machine, by, compared, identity, found);
            (named ??= []).Add(new(machine, by, compared));
        }
        foreach (var (by, machine) in new[] { (Evidence.Uuid, found.ByUuid), (Evidence.Serial, found.BySerial) })
        {
            if (machine is null) continue;
            var compared = Comparison.Of(machine, identity);
            if ((machine.Spec.Macs.IsEmpty || macs.IsEmpty) && !compared.AnyContradicts)
                return Identified(machine, by, compared, identity, found);
            (named ??= []).Add(new(machine, by, compared));
        }
        return named is not null ? new() { Contradiction = Contradiction.Of(identity, named) }
            : DiscoveredOf(identity, found) is { } discovered ? new() { Machine = discovered } : Unknown;
    }

    private static Recognition Identified(
        Machine machine, Evidence by, Comparison compared, MachineIdentity identity, MachinesFound found) => new()
        {
            Machine = machine,
            By = by,
            Difference = compared.AnyContradicts ? Contradiction.DifferencesOf(machine, identity, compared).Single()
            : null,
            UuidOf = found.ByUuid is { } other && other.Id != machine.Id ? other : null,
        };

    /// <summary>
    /// The record of an earlier sighting: that of its boot MAC, else one that was seen booting from another of its
    /// MACs, unless UUID and serial both say that it is another computer.
    /// </summary>
    private static Machine? DiscoveredOf(MachineIdentity identity, MachinesFound found)
    {
        for (var i = 0; i < found.ByMac.Length; i++)
            if (found.ByMac[i] is { State: MachineState.Discovered } machine
                && ((i == 0 && identity.Mac is not null) || !Comparison.Of(machine, identity)
                    .BothContradict)) return machine;
        return null;
    }
}

/// <summary>A piece of evidence that names a machine without identifying it.</summary>
internal readonly record struct Naming(Machine Machine, Evidence By, Comparison Compared);

/// <summary>How a request's UUID and serial compare with a machine's reference: null where either has none.</summary>
/// <param name="Uuid">Whether the UUIDs are the same.</param>
/// <param name="Serial">Whether the serials are the same.</param>
internal readonly record struct Comparison(bool? Uuid, bool? Serial)
{
    public bool AnyAgrees => Uuid == true || Serial == true;

    public bool AnyContradicts => Uuid == false || Serial == false;

    public bool BothContradict => Uuid == false && Serial == false;

    public static Comparison Of(Machine machine, MachineIdentity identity) => new(
        identity.Uuid is { } uuid && machine.KnownUuid is { } knownUuid ? uuid == knownUuid : null,
        identity.Serial is { } serial && machine.KnownSerial is { } knownSerial ? serial == knownSerial : null);
}
