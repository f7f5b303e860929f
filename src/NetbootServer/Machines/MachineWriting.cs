using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>
/// Registers one machine: checks it against the others, takes over discovered machines that it names, and writes it.
/// </summary>
/// <param name="db">The running transaction.</param>
/// <param name="now">Its time.</param>
/// <param name="joined">Called when one machine's record becomes part of another's.</param>
internal sealed class MachineWriting(NetbootDb db, DateTimeOffset now, MachineJoined joined)
{
    /// <summary>Names that the machine, or what it took over, had before.</summary>
    public List<string> GoneNames { get; } = [];

    /// <summary>Number of the release that it arms, because a secret of it is new; null for none.</summary>
    public long? Arms { get; init; }

    /// <summary>Stores the spec under a name, or says why not.</summary>
    public async Task<Saved<MachineRow>> StoreAsync(
        MachineRow? row, ResourceName name, MachineSpec spec, CancellationToken ct)
    {
        var owners = await (
            from entry in db.Set<MachineMacRow>()
            join machine in db.Set<MachineRow>() on entry.MachineId equals machine.Id
            where spec.Macs.AsEnumerable().Contains(entry.Mac)
            select new { entry.Mac, Machine = machine }).AsNoTracking().ToListAsync(ct);
        var taken = owners.FirstOrDefault(
            owner => owner.Machine.State == MachineState.Registered && owner.Machine.Id != row?.Id);
        if (taken is not null)
            return new Problem(ProblemTypes.MacTaken, $"MAC {taken.Mac} belongs to machine '{taken.Machine.Name}'.");
        if (await TwinAsync(row?.Id ?? 0, spec, ct) is { } twin)
            return new Problem(ProblemTypes.IdentityTaken, $"Machine '{twin}' has this UUID or serial already: " +
                "one without a MAC could not be distinguished from it.");
        var discovered = owners.Select(owner => owner.Machine).Where(machine => machine.Id != row?.Id)
            .DistinctBy(machine => machine.Id).OrderBy(machine => machine.FirstSeenAt).ToList();
        if (row is { State: MachineState.Registered } && row.Spec == MachineReading.Write(spec)
            && row.Name == name.ToString() && discovered.Count == 0) return Saved.Changed(row);

        GoneNames.AddRange(discovered.Select(found => found.Name));
        if (row is not null && row.Name != name.ToString()) GoneNames.Add(row.Name);
        await using var writer = new MachineWriter(db, joined);
        var written = await writer.RegisterAsync(row, name.ToString(), spec, discovered, now, isNamedLater: false, ct,
            Arms);
        return new(written, row is null, null);
    }

    /// <summary>
    /// A registered machine that has all by which one without a MAC could be known; null when there is none.
    /// </summary>
    private async Task<string?> TwinAsync(long self, MachineSpec spec, CancellationToken ct)
    {
        if (!spec.Macs.IsEmpty) return null;
        var twins = db.Set<MachineRow>().Where(row => row.State == MachineState.Registered && row.Id != self);
        string? twin = null;
        if (MachineKeys.UuidOf(spec, null) is { Key: var uuid })
        {
            twin = await twins.Where(row => row.UuidKey == uuid).Select(row => row.Name).FirstOrDefaultAsync(ct);
            if (twin is null) return null;
        }
        if (MachineKeys.SerialOf(spec, null) is { Key: var serial })
        {
            twin = await twins.Where(row => row.SerialKey == serial).Select(row => row.Name).FirstOrDefaultAsync(ct);
            if (twin is null) return null;
        }
        return twin;
    }
}
