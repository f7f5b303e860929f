using System.Collections.Immutable;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>A request that names registered machines, none of which it can be taken for.</summary>
/// <param name="Machine">The machine that its strongest evidence names.</param>
/// <param name="By">That evidence.</param>
/// <param name="BootsAs">
/// What it boots as where contradictions only warn; null when a shared adapter alone names it.
/// </param>
/// <param name="Findings">What names which machine, and what speaks against it; clauses without a full stop.</param>
public sealed record Contradiction(Machine Machine, Evidence By, Machine? BootsAs, ImmutableArray<string> Findings)
{
    /// <summary>All findings in one line.</summary>
    public string Text => string.Join("; ", Findings);

    internal static Contradiction Of(MachineIdentity identity, List<Naming> named)
    {
        // Among several other MACs, the one whose machine agrees in something is the stronger.
        var strongest = named.OrderBy(naming => naming.By).ThenByDescending(naming => naming.Compared.AnyAgrees)
            .First();
        ImmutableArray<string> findings =
        [
            .. named.GroupBy(naming => naming.Machine.Id).SelectMany(namings =>
                namings.Select(naming => NameOf(naming, identity)).Distinct()
                    .Concat(AgainstOf(identity, [.. namings]))),
        ];
        var shared = strongest.By == Evidence.OtherMac && !strongest.Compared.AnyAgrees;
        return new(strongest.Machine, strongest.By, shared ? null : strongest.Machine, findings);
    }

    /// <summary>Where the values differ.</summary>
    internal static IEnumerable<string> DifferencesOf(Machine machine, MachineIdentity identity, Comparison compared)
    {
        if (compared.Uuid == false)
            yield return $"'{machine.Name}' has the UUID {machine.KnownUuid}, this machine reports {identity.Uuid}";
        if (compared.Serial == false)
            yield return $"'{machine.Name}' has the serial {machine.KnownSerial}, this machine reports " +
            $"{identity.Serial}";
    }

    private static string NameOf(Naming naming, MachineIdentity identity)
    {
        var name = naming.Machine.Name;
        return naming.By switch
        {
            Evidence.BootMac => $"the MAC that it boots from, {identity.Mac}, is registered for '{name}'",
            Evidence.OtherMac => "its MAC " + string.Join(", ", identity.AllMacs.Where(mac => mac != identity.Mac
                && naming.Machine.Spec.Macs.Contains(mac.ToString()))) + $" is registered for '{name}'",
            Evidence.Uuid => $"its UUID {identity.Uuid} is that of '{name}'",
            _ => $"its serial {identity.Serial} is that of '{name}'",
        };
    }

    private static IEnumerable<string> AgainstOf(MachineIdentity identity, Naming[] namings)
    {
        var (machine, compared) = (namings[0].Machine, namings[0].Compared);
        foreach (var difference in DifferencesOf(machine, identity, compared)) yield return difference;
        if (namings.Any(naming => naming.By is Evidence.Uuid or Evidence.Serial) && !machine.Spec.Macs.IsEmpty
            && namings.All(naming => naming.By is not (Evidence.BootMac or Evidence.OtherMac)))
            yield return $"'{machine.Name}' has other MACs: {string.Join(", ", machine.Spec.Macs)}";
        else if (compared is { AnyAgrees: false, AnyContradicts: false })
            yield return "neither UUID nor serial confirms it";
    }
}
