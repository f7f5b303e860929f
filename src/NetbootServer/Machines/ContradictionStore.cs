using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Events;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Carries out what an operator decides about a machine that contradicts a registration.</summary>
internal sealed class ContradictionStore(Database database, Audit audit, MachineJoined joined, TimeProvider time)
{
    /// <summary>Changes the registered machine or registers another one; the alarm goes with it.</summary>
    public async Task<Saved<Machine>> ResolveAsync(long alarm, ResolutionRequest request, CancellationToken ct)
    {
        var saved = await database.ChangeAsync(async (db, token) =>
        {
            if (await db.Set<AlarmRow>().FindAsync([alarm], token) is not { } row)
                return Problem.NotFound("alarm", $"{alarm}");
            if (MachineReading.Read<ReportedIdentity>(row.Data) is not { } reported)
                return new Problem(ProblemTypes.NothingToResolve,
                    "No machine contradicts a registration in this alarm.");
            var stored = request.Name is null
                ? await TakeOverAsync(db, reported, token)
                : await RegisterAsync(db, ResourceName.Parse(request.Name), reported, token);
            if (stored.Problem is not null) return stored;
            audit.Deleted(db, "alarm", row.Subject, row.ToAlarm());
            db.Remove(row);
            return stored;
        }, ct);
        return saved.Problem is { } refused
            ? refused : new Saved<Machine>(saved.Resource!.ToMachine(), saved.Created, null);
    }

    /// <summary>What it reports is registered from now on; what it does not report stays.</summary>
    private async Task<Saved<MachineRow>> TakeOverAsync(
        NetbootDb db, ReportedIdentity reported, CancellationToken ct)
    {
        var row = await db.Set<MachineRow>().AsNoTracking()
            .SingleOrDefaultAsync(machine => machine.Id == reported.MachineId, ct);
        if (row is not { State: MachineState.Registered })
            return new Problem(ProblemTypes.NothingToResolve, $"There is no machine '{reported.Machine}' any more.");
        if (row.ManagedBy is { } file) return Problem.Managed("machine", row.Name, file);
        var others = await OthersAsync(db, reported, row.Id, ct);
        if (others.Find(other => other.HasUuid) is { } owner)
            return new Problem(ProblemTypes.IdentityTaken,
                $"The UUID {reported.Uuid} is that of machine '{owner.Name}'.");
        var before = row.ReadSpec();
        var free = FreeMacs(reported, others);
        return await StoreAsync(db, row, ResourceName.Parse(row.Name), before, before with
        {
            Macs = free.IsEmpty ? before.Macs : free,
            Uuid = reported.Uuid ?? before.Uuid,
            Serial = reported.Serial ?? before.Serial,
        }, ct);
    }

    /// <summary>By its MACs; by UUID and serial alone where the MAC that it boots from is another machine's.</summary>
    private async Task<Saved<MachineRow>> RegisterAsync(
        NetbootDb db, ResourceName name, ReportedIdentity reported, CancellationToken ct)
    {
        var row = await db.Set<MachineRow>().AsNoTracking()
            .SingleOrDefaultAsync(machine => machine.Name == name.ToString(), ct);
        if (row is { State: MachineState.Registered })
            return Problem.NameTaken("machine", name.ToString());
        var others = await OthersAsync(db, reported, row?.Id, ct);
        var free = FreeMacs(reported, others);
        var spec = new MachineSpec
        {
            Macs = reported.Macs is [var boot, ..] && free.Contains(boot) ? free : [],
            Uuid = others.Exists(other => other.HasUuid) ? null : reported.Uuid,
            Serial = others.Exists(other => other.HasSerial) ? null : reported.Serial,
        };
        return spec is { Macs.IsEmpty: true, Uuid: null, Serial: null }
            ? new Problem(ProblemTypes.IdentityTaken,
                $"All that it reports is that of {string.Join(", ", others.Select(other => $"'{other.Name}'"))}.")
            : await StoreAsync(db, row, name, row?.ReadSpec(), spec, ct);
    }

    private async Task<Saved<MachineRow>> StoreAsync(NetbootDb db, MachineRow? row, ResourceName name,
        MachineSpec? before,
        MachineSpec spec, CancellationToken ct)
    {
        var stored = await new MachineWriting(db, time.GetUtcNow(), joined).StoreAsync(row, name, spec, ct);
        if (stored.Resource is { } machine) audit.Changed(db, "machine", machine.Name, before, spec);
        return stored;
    }

    private static ImmutableArray<string> FreeMacs(ReportedIdentity reported, List<Other> others) =>
        [.. reported.Macs.Except(others.SelectMany(other => other.Macs)).Take(MachineSpecParser.MaxMacs)];

    /// <summary>The registered machines that have something of what is reported.</summary>
    private static async Task<List<Other>> OthersAsync(
        NetbootDb db, ReportedIdentity reported, long? self, CancellationToken ct)
    {
        var uuid = MachineUuid.TryParse(reported.Uuid, out var toldUuid) ? toldUuid.Key : null;
        var serial = MachineSerial.TryParse(reported.Serial, out var toldSerial) ? toldSerial.Key : null;
        var macs = reported.Macs.ToArray();
        var rows = await db.Set<MachineRow>().AsNoTracking()
            .Where(row => row.State == MachineState.Registered && row.Id != (self ?? 0)
                && ((uuid != null && row.UuidKey == uuid) || (serial != null && row.SerialKey == serial)
                    || db.Set<MachineMacRow>().Any(entry => entry.MachineId == row.Id && macs.Contains(entry.Mac))))
            .OrderBy(row => row.Id).Take(1000).ToListAsync(ct);
        return rows.ConvertAll(row => new Other(row.Name, row.ReadSpec().Macs,
            uuid is not null && row.UuidKey == uuid, serial is not null && row.SerialKey == serial));
    }

    private sealed record Other(string Name, ImmutableArray<string> Macs, bool HasUuid, bool HasSerial);
}
