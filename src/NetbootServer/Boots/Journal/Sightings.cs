using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Boots.Planning;
using NetbootServer.Machines;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Notes what machines say when they ask: of registered ones what was observed, of others a discovered record. Two
/// sightings are one discovered machine when they share a MAC, or UUID and serial both.
/// </summary>
internal static class Sightings
{
    /// <summary>Notes a sighting.</summary>
    public static async Task NoteAsync(JournalBatch batch, MachineSeen seen, CancellationToken ct)
    {
        var mac = seen.Identity.AnyMac;
        var (ofMac, contradicts) = (batch.Machine(mac), seen.Recognition.Contradiction is not null);
        var row = batch.Machine(seen.Recognition.Machine?.Id) ?? ofMac;
        // A stranger with a registered machine's MAC says nothing about that machine.
        if (contradicts && row is { State: MachineState.Registered }) return;
        row ??= await FindAsync(batch, seen.Identity, ct);
        if (row is null)
        {
            if (mac is not { } first) return; // nothing to name a record by
            if (await DiscoverAsync(batch, first, seen, ct) is not { } made) return;
            row = ofMac = made;
        }
        if (ofMac is { State: MachineState.Discovered } && ofMac != row)
            await TakeOverAsync(batch, row, ofMac, ct);
        if (mac is { } reported && row.State == MachineState.Discovered && seen.Recognition.By == Evidence.None
            && ofMac is null)
            await AddMacAsync(batch, row, reported, ct);
        row.FirstSeenAt ??= seen.At;
        row.LastSeenAt = seen.At;
        row.Observe(seen.Ip is null ? seen.Identity.Reported : seen.Identity.Reported.SetItem("ip", seen.Ip), seen.At);
        batch.Changed(row);
    }

    /// <summary>
    /// The record of one that boots from another interface now: by its other MACs, else by UUID and serial both.
    /// </summary>
    private static async Task<MachineRow?> FindAsync(JournalBatch batch, MachineIdentity identity, CancellationToken ct)
    {
        var macs = identity.AllMacs.Select(mac => mac.ToString()).ToArray();
        var (uuid, serial) = (identity.Uuid?.Key, identity.Serial?.Key);
        var found = macs.Length < 2 ? [] : await (
            from entry in batch.Db.Set<MachineMacRow>()
            join row in batch.Db.Set<MachineRow>() on entry.MachineId equals row.Id
            where macs.Contains(entry.Mac) && row.State == MachineState.Discovered
            orderby row.Id
            select row).ToListAsync(ct);
        // An adapter that another computer was seen booting from may be plugged in here now.
        found.RemoveAll(row => uuid is not null && serial is not null && row.UuidKey is not null
            && row.SerialKey is not null
            && row.UuidKey != uuid && row.SerialKey != serial);
        if (found.Count == 0 && uuid is not null && serial is not null)
            found = await batch.Db.Set<MachineRow>().Where(row => row.State == MachineState.Discovered
                && row.UuidKey == uuid && row.SerialKey == serial).OrderBy(row => row.Id).Take(1).ToListAsync(ct);
        return found.Select(batch.Track).FirstOrDefault(row => row.ReadSpec().Macs.Length < MachineSpecParser.MaxMacs);
    }

    private static async Task<MachineRow?> DiscoverAsync(
        JournalBatch batch, MacAddress mac, MachineSeen seen, CancellationToken ct)
    {
        var db = batch.Db;
        var text = mac.ToString();
        // A machine may have got it meanwhile.
        if (await db.Set<MachineMacRow>().AnyAsync(entry => entry.Mac == text, ct)) return null;
        var row = new MachineRow
        {
            Name = mac.Hyphened, State = MachineState.Discovered, Revision = 1, Spec = "", Search = "",
            CreatedAt = seen.At, UpdatedAt = seen.At,
        };
        // A registered machine may already have the name of this MAC: then the record gets one beside it.
        while (await db.Set<MachineRow>().AnyAsync(other => other.Name == row.Name, ct)) row.Name += ".new";
        row.WriteSpec(new() { Macs = [text] });
        (row.UuidKey, row.SerialKey) = (seen.Identity.Uuid?.Key, seen.Identity.Serial?.Key);
        await batch.Machines.DiscoverAsync(row, ct);
        batch.Discovered(row, mac);
        return row;
    }

    /// <summary>
    /// A discovered record turns out to be of this machine: its history joins, and its MACs where this one is
    /// discovered.
    /// </summary>
    public static async Task TakeOverAsync(
        JournalBatch batch, MachineRow row, MachineRow found, CancellationToken ct)
    {
        await batch.Machines.AbsorbAsync(row, found, ct);
        batch.Join(found, row);
        batch.Changed(row);
        if (row.State == MachineState.Discovered)
            foreach (var mac in found.ReadSpec().Macs) await AddMacAsync(batch, row, MacAddress.Parse(mac), ct);
    }

    /// <summary>The machine has another MAC, which is of no other.</summary>
    public static async Task AddMacAsync(JournalBatch batch, MachineRow row, MacAddress mac, CancellationToken ct)
    {
        var (macs, text) = (row.ReadSpec().Macs, mac.ToString());
        if (macs.Contains(text) || macs.Length >= MachineSpecParser.MaxMacs) return;
        await batch.Machines.AddMacAsync(row, text, ct);
        batch.Add(row, mac);
    }
}
