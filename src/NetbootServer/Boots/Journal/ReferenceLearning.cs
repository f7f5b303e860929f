using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Takes what a boot teaches about its machine, once it has fetched its files and reported ready: the UUID and serial
/// that the machine is compared with from then on, and the MAC of one that was registered without.
/// </summary>
internal sealed class ReferenceLearning(Audit audit)
{
    /// <summary>Takes it, when the boot has come so far.</summary>
    public async Task LearnAsync(JournalBatch batch, BootRow boot, CancellationToken ct)
    {
        if (boot.Teaches is null || batch.Machine(boot.MachineId) is not { State: MachineState.Registered } machine)
            return;
        var facts = batch.Facts(boot.Id);
        if (facts.Where(fact => fact.Step == Steps.Ready).Min(fact => (DateTimeOffset?)fact.FirstAt) is not { } readyAt
            || !BootRecord.HasFetched(facts, boot.InitrdBytes)) return;
        var lesson = MachineReading.Read<ObservedIdentity>(boot.Teaches)!;
        boot.Teaches = null;
        batch.Changed(boot);
        await LearnReferenceAsync(batch, machine, lesson, readyAt, ct);
        if (MacAddress.TryParse(lesson.Mac, out var mac)) await LearnMacAsync(batch, machine, mac, readyAt, ct);
    }

    /// <summary>A value that was registered or learned meanwhile stays, and so does another machine's UUID.</summary>
    private static async Task LearnReferenceAsync(
        JournalBatch batch, MachineRow machine, ObservedIdentity lesson, DateTimeOffset at, CancellationToken ct)
    {
        var (spec, before) = (machine.ReadSpec(), MachineReading.Read<MachineReference>(machine.Reference));
        var uuid = MachineKeys.UuidOf(spec, before) is null && MachineUuid.TryParse(lesson.Uuid, out var reported)
            && !await HasUuidAsync(batch.Db, reported.Key, machine.Id, ct) ? lesson.Uuid : null;
        var serial = MachineKeys.SerialOf(spec, before) is null ? lesson.Serial : null;
        if (uuid is null && serial is null) return;
        machine.Reference = MachineReading.Write(
            new MachineReference(uuid ?? before?.Uuid, serial ?? before?.Serial, at));
        machine.WriteKeys(spec);
        await batch.Machines.WriteLearnedAsync(machine, ct); // at once: the next of this batch may report the same UUID
    }

    private static Task<bool> HasUuidAsync(NetbootDb db, string key, long machine, CancellationToken ct) =>
        db.Set<MachineRow>().AnyAsync(
            row => row.UuidKey == key && row.State == MachineState.Registered && row.Id != machine, ct);

    private async Task LearnMacAsync(
        JournalBatch batch, MachineRow machine, MacAddress mac, DateTimeOffset at, CancellationToken ct)
    {
        var (db, before, text) = (batch.Db, machine.ReadSpec(), mac.ToString());
        if (!before.Macs.IsEmpty) return;
        var owner = await (
            from entry in db.Set<MachineMacRow>()
            join row in db.Set<MachineRow>() on entry.MachineId equals row.Id
            where entry.Mac == text
            select row).SingleOrDefaultAsync(ct);
        if (owner is { State: MachineState.Registered }) return;
        if (owner is not null) await Sightings.TakeOverAsync(batch, machine, batch.Track(owner), ct);
        machine.Revision++;
        machine.UpdatedAt = at;
        await Sightings.AddMacAsync(batch, machine, mac, ct);
        audit.Changed(db, "machine", machine.Name, before, machine.ReadSpec());
    }
}
