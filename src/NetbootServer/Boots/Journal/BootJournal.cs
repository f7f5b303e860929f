using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Writes batches of entries inside the caller's transaction and draws their consequences: a boot's outcome, a
/// machine's last boot, a used-up next boot, a completion, a version that phones home.
/// </summary>
internal sealed class BootJournal(ReferenceLearning learning, ImageCatalog images, BootTrim trim,
    MachineJoined joined, IOptions<MachinesOptions> machines)
{
    /// <summary>Writes the entries in their order.</summary>
    /// <returns>The outcomes that boots reached, each as often as it was reached.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(
        NetbootDb db, IReadOnlyCollection<BootEntry> entries, CancellationToken ct)
    {
        await using var writer = new MachineWriter(db, joined);
        var batch = await JournalBatch.LoadAsync(db, writer, entries, ct);
        foreach (var entry in entries)
        {
            switch (entry)
            {
                case MachineSeen seen:
                    await Sightings.NoteAsync(batch, seen, ct);
                    break;
                case NextBootUsed used:
                    Use(batch, used);
                    break;
                case BootOpened opened:
                    await OpenedAsync(batch, opened, ct);
                    break;
                case BootStep step:
                    await StepAsync(batch, step, ct);
                    break;
            }
        }
        await batch.SaveAsync(ct);
        await WritePhoningHomeAsync(batch, ct);
        await SecretClaims.SpendAsync(db, batch.Succeeded, ct);
        await trim.AfterAsync(db, batch.NewBoots, ct);
        if (batch.HasDiscovered) await ForgetOldestAsync(db, ct);
        return batch.Reached;
    }

    /// <summary>
    /// Keeps the discovered machines within their number; those not seen for longest go, with their boots.
    /// </summary>
    private async Task ForgetOldestAsync(NetbootDb db, CancellationToken ct)
    {
        var discovered = db.Set<MachineRow>().Where(row => row.State == MachineState.Discovered);
        var surplus = await discovered.CountAsync(ct) - machines.Value.MaxDiscovered;
        if (surplus <= 0) return;
        var forgotten = await discovered.OrderBy(row => row.LastSeenAt).ThenBy(row => row.Id)
            .Take(surplus).ToListAsync(ct);
        foreach (var row in forgotten) db.Changes.AddMachine(row);
        var oldest = forgotten.Select(row => row.Id).ToList();
        db.Changes.AddNothing(ChangeKinds.Boot); // they go with their machines
        // Without ??, which no index serves.
        await db.Set<BootRow>().Where(boot => boot.MachineId != null && oldest.Contains(boot.MachineId.Value))
            .ExecuteDeleteAsync(ct);
        await db.Set<MachineRow>().Where(row => oldest.Contains(row.Id)).ExecuteDeleteAsync(ct);
    }

    /// <summary>Another next boot may have been set meanwhile; that one stays.</summary>
    private static void Use(JournalBatch batch, NextBootUsed used)
    {
        if (batch.Machine(used.MachineId) is not { } row) return;
        var waiting = row.ReadNextBoot()?.Waiting;
        if (used.SetAt is not null && waiting?.SetAt != used.SetAt) return;
        row.WriteNextBoot(used.SetAt is null ? waiting : null, used.LeftToDisk, used.At);
        batch.Changed(row);
    }

    private async Task OpenedAsync(JournalBatch batch, BootOpened opened, CancellationToken ct)
    {
        var boot = batch.Boot(opened);
        var script = BootFactRow.Once(boot.Id, Steps.Script, FactKinds.Began, opened.At);
        if (opened.FilesElsewhere) script.Detail = BootTimeline.FilesElsewhere;
        batch.Add(script);
        batch.Reached.Add(Outcomes.Running);
        foreach (var earlier in opened.LeavesBehind ? batch.LeftBehindBy(boot).ToList() : [])
        {
            // A machine that starts anew has left its earlier boots behind.
            var lost = BootFactRow.Once(earlier.Id, Steps.Script, FactKinds.Lost, opened.At);
            lost.Detail = BootReason.BeganAnew.GetRawText();
            batch.Add(lost);
            earlier.Outcome = Outcomes.Unknown;
            batch.Changed(earlier);
            batch.Reached.Add(Outcomes.Unknown);
        }
        batch.Opens(boot);
        Conclude(batch, boot, opened.At);
        // Its ready or up may have overtaken it, when the database was away.
        Succeed(batch, boot, opened.Ticket, wasSuccess: false);
        await learning.LearnAsync(batch, boot, ct);
    }

    private async Task StepAsync(JournalBatch batch, BootStep step, CancellationToken ct)
    {
        var boot = await batch.BootAsync(step.Ticket, ct);
        var fact = BootFactRow.Once(boot.Id, step.Step, step.Kind, step.At);
        (fact.Bytes, fact.TotalBytes, fact.SentBytes) = (step.Bytes, step.TotalBytes, step.SentBytes);
        fact.File = step.File;
        (fact.FirstAt, fact.Count, fact.Detail) = (step.FirstAt, step.Count, step.Detail?.GetRawText());
        var wasSuccess = Success(boot, batch.Facts(boot.Id)) is not null;
        batch.Add(fact);
        Conclude(batch, boot, step.At);
        Succeed(batch, boot, step.Ticket, wasSuccess);
        await learning.LearnAsync(batch, boot, ct);
    }

    /// <summary>What all facts so far amount to.</summary>
    private static void Conclude(JournalBatch batch, BootRow boot, DateTimeOffset at)
    {
        var was = boot.Outcome;
        boot.Outcome = BootTimeline.Outcome(batch.Facts(boot.Id));
        if (was != boot.Outcome) batch.Reached.Add(boot.Outcome);
        if (at > boot.LastHeardAt) boot.LastHeardAt = at;
        batch.Changed(boot);
        if (batch.Machine(boot.MachineId) is not { } machine) return;
        boot.MachineName = machine.Name;
        batch.ShowOn(machine, boot);
    }

    /// <summary>
    /// What a boot's ready or up settles. A completion is settled once: one that an admin has cleared does not come
    /// back with a later report of the same boot.
    /// </summary>
    /// <param name="batch">The boots and machines.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="ticket">The boot's.</param>
    /// <param name="wasSuccess">Whether its success was known, and settled, before.</param>
    private void Succeed(JournalBatch batch, BootRow boot, BootTicket ticket, bool wasSuccess)
    {
        var facts = batch.Facts(boot.Id);
        if (!facts.Any(fact => fact.Step is Steps.Ready or Steps.Up)) return;
        NotePhoningHome(batch, boot, facts);
        if (batch.Machine(boot.MachineId) is not { } machine) return;
        var was = (machine.NextBoot, machine.Completion);
        if (!wasSuccess && Success(boot, facts) is not null) batch.Succeeded.Add(boot.Id);
        if (machine.ReadNextBoot()?.Waiting is { } next && ticket.Took(next.SetAt)) machine.SetNextBoot(null);
        if (boot is { After: "local", Profile: { } profile } && !wasSuccess && Success(boot, facts) is { } success)
            machine.Completion = MachineReading.Write(new Completion(profile, boot.Id, success.FirstAt));
        if (was != (machine.NextBoot, machine.Completion)) batch.Changed(machine);
    }

    /// <summary>
    /// A version is known to phone home once a boot of it that had fetched its files and reported ready has done so: an
    /// up alone proves nothing of the image, for all that a boot's token allows is to send one.
    /// </summary>
    private void NotePhoningHome(JournalBatch batch, BootRow boot, List<BootFactRow> facts)
    {
        if (boot is not { Image: { } image, Version: { } id }) return;
        var version = images.Images.GetValueOrDefault(image)?.Versions.GetValueOrDefault(id);
        if (version is not { PhonesHome: false }) return;
        if (facts.Any(fact => fact.Step == Steps.Up) && facts.Any(fact => fact.Step == Steps.Ready)
            && BootRecord.HasFetched(facts, version, boot.Recipe))
            batch.PhonedHome[version.Sequence] = image;
    }

    private static async Task WritePhoningHomeAsync(JournalBatch batch, CancellationToken ct)
    {
        if (batch.PhonedHome.Count == 0) return;
        var versions = batch.PhonedHome.Keys.ToList();
        await batch.Db.Set<ImageVersionRow>().Where(row => versions.Contains(row.Sequence) && !row.PhonesHome)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.PhonesHome, true), ct);
        foreach (var image in batch.PhonedHome.Values) batch.Db.Changes.Add(ChangeKinds.Image, image);
    }

    /// <summary>The first fact that makes the boot a success, or null.</summary>
    private static BootFactRow? Success(BootRow boot, IEnumerable<BootFactRow> facts) => facts
        .Where(fact => fact.Step == Steps.Up || (fact.Step == Steps.Ready && boot.Expects == Steps.Ready))
        .MinBy(fact => fact.FirstAt);
}
