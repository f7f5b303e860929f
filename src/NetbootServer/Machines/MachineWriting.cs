using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Writes a machine's spec with its MACs and labels, taking over discovered machines that it names.</summary>
/// <param name="db">The running transaction.</param>
/// <param name="now">Its time.</param>
/// <param name="touched">Collects stale cache keys.</param>
/// <param name="joined">Told when one machine's record becomes part of another's.</param>
internal sealed class MachineWriting(NetbootDb db, DateTimeOffset now, Touched touched, MachineJoined joined)
{
    public async Task<Saved<MachineRow>> StoreAsync(
        MachineRow? row, ResourceName name, MachineSpec spec, CancellationToken ct)
    {
        var owners = await (
            from entry in db.Set<MachineMacRow>()
            join machine in db.Set<MachineRow>() on entry.MachineId equals machine.Id
            where spec.Macs.AsEnumerable().Contains(entry.Mac)
            select new { entry.Mac, Machine = machine }).ToListAsync(ct);
        var taken = owners.FirstOrDefault(
            owner => owner.Machine.State == MachineState.Registered && owner.Machine.Id != row?.Id);
        if (taken is not null)
            return new Problem(ProblemTypes.MacTaken, $"MAC {taken.Mac} belongs to machine '{taken.Machine.Name}'.");
        if (await TwinAsync(row?.Id ?? 0, spec, ct) is { } twin)
            return new Problem(ProblemTypes.IdentityTaken, $"Machine '{twin}' has this UUID or serial already: " +
                "one without a MAC could not be told from it.");
        var discovered = owners.Select(owner => owner.Machine).Where(machine => machine.Id != row?.Id)
            .DistinctBy(machine => machine.Id).OrderBy(machine => machine.FirstSeenAt).ToList();
        foreach (var found in discovered)
        {
            touched.Keys.Add(MachineKeys.Of(found));
            touched.Names.Add(found.Name);
        }

        var isNew = row is null;
        var renamed = row is null && discovered.Count > 0;
        if (renamed)
        {
            row = discovered[0];
            discovered.RemoveAt(0);
        }
        foreach (var found in discovered) await AbsorbAsync(row!, found, ct);
        var same = row is { State: MachineState.Registered } && row.Spec == MachineReading.Write(spec)
            && row.Name == name.ToString();
        if (same) return Saved.Changed(row!);

        if (row is null)
        {
            row = new() { Name = name.ToString(), Spec = "", Search = "", CreatedAt = now };
            db.Add(row);
        }
        else
        {
            touched.Keys.Add(MachineKeys.Of(row));
            if (row.Name != name.ToString()) touched.Names.Add(row.Name);
        }
        row.Name = name.ToString();
        row.State = MachineState.Registered;
        row.Revision = renamed ? 1 : row.Revision + 1;
        row.UpdatedAt = now;
        row.WriteSpec(spec);
        touched.Keys.Add(MachineKeys.Of(row));
        await db.SaveChangesAsync(ct); // assigns the id that the MAC and label rows need
        await ReplaceKeysAsync(row.Id, spec, ct);
        return new(row, isNew, null);
    }

    /// <summary>
    /// A registered machine that has all by which one without a MAC could be known; null when there is none.
    /// </summary>
    private async Task<string?> TwinAsync(long self, MachineSpec spec, CancellationToken ct)
    {
        if (!spec.Macs.IsEmpty) return null;
        var twins = db.Set<MachineRow>().Where(row => row.State == MachineState.Registered && row.Id != self);
        string? twin = null;
        if (MachineKeys.UuidOf(spec, null) is { Key: var uuid }
            && (twin = await twins.Where(row => row.UuidKey == uuid).Select(row => row.Name).FirstOrDefaultAsync(ct)) is null) return null;
        if (MachineKeys.SerialOf(spec, null) is { Key: var serial }
            && (twin = await twins.Where(row => row.SerialKey == serial).Select(row => row.Name).FirstOrDefaultAsync(ct)) is null) return null;
        return twin;
    }

    /// <summary>Another interface of this machine was discovered as a machine of its own: it joins this one.</summary>
    private async Task AbsorbAsync(MachineRow row, MachineRow found, CancellationToken ct)
    {
        row.Absorb(found);
        await joined(db, found.Id, row.Id, ct);
        db.Remove(found);
    }

    private async Task ReplaceKeysAsync(long id, MachineSpec spec, CancellationToken ct)
    {
        await db.Set<MachineMacRow>().Where(entry => entry.MachineId == id).ExecuteDeleteAsync(ct);
        await db.Set<MachineLabelRow>().Where(label => label.MachineId == id).ExecuteDeleteAsync(ct);
        db.AddRange(spec.Macs.Select(mac => new MachineMacRow { Mac = mac, MachineId = id }));
        db.AddRange(spec.Labels.Select(label =>
            new MachineLabelRow { MachineId = id, Key = label.Key, Value = label.Value }));
    }
}

/// <summary>Moves what refers to machine <paramref name="from"/> to machine <paramref name="to"/>; both are row keys.</summary>
public delegate Task MachineJoined(NetbootDb db, long from, long to, CancellationToken ct);
