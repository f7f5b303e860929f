using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Notes changed machines.</summary>
internal static class MachineChanges
{
    /// <summary>A machine is not what it was: its name, and all that it is looked up by, as they are now.</summary>
    public static void AddMachine(this Changes changes, MachineRow row)
    {
        if (changes.HasAll(ChangeKinds.Machine)) return; // caches drop everything
        changes.Add(ChangeKinds.Machine, row.Name);
        var (macs, uuid, serial) = MachineKeys.Of(row);
        foreach (var mac in macs) changes.AddStale(MacAddress.Parse(mac));
        if (MachineUuid.TryParse(uuid, out var knownUuid)) changes.AddStale(knownUuid);
        if (MachineSerial.TryParse(serial, out var knownSerial)) changes.AddStale(knownSerial);
    }

    /// <summary>What a tracked row that was changed means.</summary>
    public static void Describe(Changes changes, MachineRow? before, MachineRow? after)
    {
        if (before is not null) changes.AddMachine(before);
        if (after is not null) changes.AddMachine(after);
    }
}
