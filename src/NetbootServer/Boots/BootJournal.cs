using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>
/// Writes entries into the database inside the caller's transaction and draws their consequences: a boot's outcome,
/// a machine's last boot, a used-up next boot, a completion, an image that phones home.
/// </summary>
internal sealed class BootJournal(IOptions<MachinesOptions> machines, IOptions<BootsOptions> boots)
{
    /// <summary>Writes one entry.</summary>
    public async Task WriteAsync(NetbootDb db, BootEntry entry, Consequences consequences, CancellationToken ct)
    {
        switch (entry)
        {
            case MachineSeen seen:
                await SeenAsync(db, seen, consequences, ct);
                break;
            case NextBootUsed used:
                await UsedAsync(db, used, consequences, ct);
                break;
            case BootOpened opened:
                await OpenedAsync(db, opened, consequences, ct);
                break;
            case BootStep step:
                await StepAsync(db, step, consequences, ct);
                break;
        }
    }

    private async Task SeenAsync(NetbootDb db, MachineSeen seen, Consequences consequences, CancellationToken ct)
    {
        var row = seen.MachineId is { } id
            ? await db.Set<MachineRow>().FindAsync([id], ct)
            : await ByMacAsync(db, seen.Identity.Mac, ct);
        if (row is null)
        {
            if (seen.Identity.Mac is not { } mac) return; // nothing to name a record by
            row = await DiscoverAsync(db, mac, seen, consequences, ct);
            consequences.Machines.Add(row);
        }
        row.FirstSeenAt ??= seen.At;
        row.LastSeenAt = seen.At;
        var told = seen.Ip is null ? seen.Identity.Told : seen.Identity.Told.SetItem("ip", seen.Ip);
        row.Identity = MachineReading.Write(told);
        await db.SaveChangesAsync(ct);
    }

    private async Task<MachineRow> DiscoverAsync(
        NetbootDb db, MacAddress mac, MachineSeen seen, Consequences consequences, CancellationToken ct)
    {
        var row = new MachineRow
        {
            Name = mac.Hyphened, State = MachineState.Discovered, Revision = 1, Spec = "", Search = "",
            CreatedAt = seen.At, UpdatedAt = seen.At, FirstSeenAt = seen.At, LastSeenAt = seen.At,
        };
        // A registered machine may already have the name of this MAC: then the record gets one beside it.
        while (await db.Set<MachineRow>().AnyAsync(other => other.Name == row.Name, ct)) row.Name += ".new";
        row.WriteSpec(new() { Macs = [mac.ToString()] });
        db.Add(row);
        await db.SaveChangesAsync(ct);
        db.Add(new MachineMacRow { Mac = mac.ToString(), MachineId = row.Id });
        await db.SaveChangesAsync(ct);
        await ForgetOldestAsync(db, consequences, ct);
        return row;
    }

    private async Task ForgetOldestAsync(NetbootDb db, Consequences consequences, CancellationToken ct)
    {
        var discovered = db.Set<MachineRow>().Where(row => row.State == MachineState.Discovered);
        var surplus = await discovered.CountAsync(ct) - machines.Value.MaxDiscovered;
        if (surplus <= 0) return;
        var forgotten = await discovered.AsNoTracking().OrderBy(row => row.LastSeenAt).ThenBy(row => row.Id)
            .Take(surplus).ToListAsync(ct);
        consequences.Machines.AddRange(forgotten);
        var oldest = forgotten.Select(row => row.Id).ToList();
        await db.Set<BootRow>().Where(boot => oldest.Contains(boot.MachineId ?? 0)).ExecuteDeleteAsync(ct);
        await db.Set<MachineRow>().Where(row => oldest.Contains(row.Id)).ExecuteDeleteAsync(ct);
    }

    /// <summary>Another next boot may have been set meanwhile; that one stays.</summary>
    private static async Task UsedAsync(NetbootDb db, NextBootUsed used, Consequences consequences, CancellationToken ct)
    {
        var row = await db.Set<MachineRow>().FindAsync([used.MachineId], ct);
        if (row is null || row.ToMachine().NextBoot?.SetAt != used.SetAt) return;
        row.NextBoot = null;
        consequences.Machines.Add(row);
        await db.SaveChangesAsync(ct);
    }

    private async Task OpenedAsync(NetbootDb db, BootOpened opened, Consequences consequences, CancellationToken ct)
    {
        var boot = await EnsureAsync(db, opened.Ticket, opened.Identity.Mac, ct);
        // A report that overtook this entry could not know a machine that had no record yet.
        boot.MachineId ??= (await ByMacAsync(db, opened.Identity.Mac, ct))?.Id;
        (boot.MachineName, boot.Image, boot.Version) = (opened.MachineName, opened.Image, opened.Version);
        (boot.Profile, boot.Expects, boot.After) = (opened.Profile, opened.Expects, opened.After);
        db.Add(Fact(opened.Ticket, Steps.Script, FactKinds.Began, opened.At));
        await db.SaveChangesAsync(ct);
        await LoseEarlierAsync(db, boot, opened.At, ct);
        var facts = await ConcludeAsync(db, boot, opened.At, consequences, ct);
        // Its ready or up may have overtaken it, when the database was away.
        await SucceedAsync(db, boot, facts, before: [], consequences, ct);
        await TrimAsync(db, boot, ct);
    }

    /// <summary>A machine that starts anew has left its earlier boots behind.</summary>
    private static async Task LoseEarlierAsync(NetbootDb db, BootRow boot, DateTimeOffset at, CancellationToken ct)
    {
        if (boot.MachineId is null) return;
        var earlier = await db.Set<BootRow>().Where(other => other.MachineId == boot.MachineId && other.Id != boot.Id
            && other.StartedAt < boot.StartedAt
            && (other.Outcome == Outcomes.Running || other.Outcome == Outcomes.Stalled)).ToListAsync(ct);
        foreach (var other in earlier)
        {
            db.Add(new BootFactRow { BootId = other.Id, Step = Steps.Script, Kind = FactKinds.Lost, At = at });
            other.Outcome = Outcomes.Unknown;
        }
        await db.SaveChangesAsync(ct);
    }

    private async Task TrimAsync(NetbootDb db, BootRow boot, CancellationToken ct)
    {
        if (boot.MachineId is not { } machine) return;
        var keep = boots.Value.KeepPerMachine;
        await db.Set<BootRow>().Where(row => row.MachineId == machine)
            .OrderByDescending(row => row.StartedAt).Skip(keep).Take(keep).ExecuteDeleteAsync(ct);
    }

    private static async Task StepAsync(NetbootDb db, BootStep step, Consequences consequences, CancellationToken ct)
    {
        var boot = await EnsureAsync(db, step.Ticket, null, ct);
        var fact = Fact(step.Ticket, step.Step, step.Kind, step.At);
        (fact.Bytes, fact.TotalBytes, fact.Detail) = (step.Bytes, step.TotalBytes, step.Detail?.GetRawText());
        db.Add(fact);
        await db.SaveChangesAsync(ct);
        var facts = await ConcludeAsync(db, boot, step.At, consequences, ct);
        await SucceedAsync(db, boot, facts, [.. facts.Where(other => other.Id != fact.Id)], consequences, ct);
    }

    /// <summary>
    /// The boot's row. Its opening may have been dropped, or may be on its way from another replica: then the ticket
    /// says enough to begin one.
    /// </summary>
    private static async Task<BootRow> EnsureAsync(
        NetbootDb db, BootTicket ticket, MacAddress? mac, CancellationToken ct)
    {
        if (await db.Set<BootRow>().FindAsync([ticket.Boot], ct) is { } known) return known;
        var machine = ticket.Machine != 0
            ? await db.Set<MachineRow>().FindAsync([ticket.Machine], ct)
            : await ByMacAsync(db, mac, ct);
        var version = await (
            from row in db.Set<ImageVersionRow>()
            join image in db.Set<ImageRow>() on row.ImageId equals image.Id
            where ticket.Version != "" && row.Id.StartsWith(ticket.Version)
            orderby row.Sequence descending
            select new { row.Id, image.Name }).FirstOrDefaultAsync(ct);
        var boot = new BootRow
        {
            Id = ticket.Boot, MachineId = machine?.Id, MachineName = machine?.Name, Image = version?.Name,
            Version = version?.Id, TookNextBoot = ticket.TookNextBoot, StartedAt = ticket.StartedAt,
            LastHeardAt = ticket.StartedAt, Outcome = Outcomes.Running,
        };
        db.Add(boot);
        await db.SaveChangesAsync(ct);
        return boot;
    }

    private static async Task<List<BootFactRow>> ConcludeAsync(
        NetbootDb db, BootRow boot, DateTimeOffset at, Consequences consequences, CancellationToken ct)
    {
        var facts = await db.Set<BootFactRow>().AsNoTracking().Where(fact => fact.BootId == boot.Id).ToListAsync(ct);
        boot.Outcome = BootTimeline.Outcome(facts);
        if (at > boot.LastHeardAt) boot.LastHeardAt = at;
        consequences.Boots.Add(boot.Id);
        if (boot.MachineId is { } id && await db.Set<MachineRow>().FindAsync([id], ct) is { } machine)
        {
            boot.MachineName = machine.Name;
            var newest = await db.Set<BootRow>().Where(other => other.MachineId == id)
                .OrderByDescending(other => other.StartedAt).Select(other => other.Id).FirstOrDefaultAsync(ct);
            if (newest is null || newest == boot.Id)
                machine.LastBoot = MachineReading.Write(
                    new LastBoot(boot.Id, boot.Image, boot.Version, boot.Outcome, boot.StartedAt));
        }
        await db.SaveChangesAsync(ct);
        return facts;
    }

    /// <summary>
    /// What a boot's ready or up settles. A completion is settled once: one that an admin has cleared does not come
    /// back with a later report of the same boot.
    /// </summary>
    /// <param name="db">The running transaction.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="facts">All that is known of it.</param>
    /// <param name="before">What was known, and settled, before.</param>
    /// <param name="consequences">Collects what changed.</param>
    /// <param name="ct">Ends the attempt.</param>
    private static async Task SucceedAsync(NetbootDb db, BootRow boot, IReadOnlyCollection<BootFactRow> facts,
        IReadOnlyCollection<BootFactRow> before, Consequences consequences, CancellationToken ct)
    {
        if (!facts.Any(fact => fact.Step is Steps.Ready or Steps.Up)) return;
        if (facts.Any(fact => fact.Step == Steps.Up) && boot.Image is not null
            && await db.Set<ImageRow>().SingleOrDefaultAsync(row => row.Name == boot.Image, ct) is { PhonesHome: false } image)
        {
            image.PhonesHome = true;
            consequences.ImagesChanged = true;
        }
        if (boot.MachineId is not { } id || await db.Set<MachineRow>().FindAsync([id], ct) is not { } machine) return;
        var was = (machine.NextBoot, machine.Completion);
        if (boot.TookNextBoot && machine.NextBoot is not null
            && JsonSerializer.Deserialize<NextBoot>(machine.NextBoot, JsonBody.Writing)!.SetAt <= boot.StartedAt)
            machine.NextBoot = null;
        if (boot is { After: "local", Profile: { } profile } && Success(boot, facts) is { } success && Success(boot, before) is null)
            machine.Completion = MachineReading.Write(new Completion(profile, boot.Id, success.At));
        if (was != (machine.NextBoot, machine.Completion)) consequences.Machines.Add(machine);
        await db.SaveChangesAsync(ct);
    }

    /// <summary>The first fact that makes the boot a success, or null.</summary>
    private static BootFactRow? Success(BootRow boot, IEnumerable<BootFactRow> facts) => facts
        .Where(fact => fact.Step == Steps.Up || (fact.Step == Steps.Ready && boot.Expects == Steps.Ready))
        .MinBy(fact => fact.At);

    private static async Task<MachineRow?> ByMacAsync(NetbootDb db, MacAddress? mac, CancellationToken ct)
    {
        if (mac?.ToString() is not { } text) return null;
        return await db.Set<MachineMacRow>().Where(entry => entry.Mac == text)
            .Join(db.Set<MachineRow>(), entry => entry.MachineId, row => row.Id, (_, row) => row)
            .SingleOrDefaultAsync(ct);
    }

    private static BootFactRow Fact(BootTicket ticket, string step, string kind, DateTimeOffset at) =>
        new() { BootId = ticket.Boot, Step = step, Kind = kind, At = at };
}

/// <summary>What must be told to others once a transaction has committed.</summary>
internal sealed class Consequences
{
    /// <summary>Machines whose cached record is stale.</summary>
    public List<MachineRow> Machines { get; } = [];

    /// <summary>Ids of boots that changed.</summary>
    public HashSet<string> Boots { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the image catalog is stale.</summary>
    public bool ImagesChanged { get; set; }
}
