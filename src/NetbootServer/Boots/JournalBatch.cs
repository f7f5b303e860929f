using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Http;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>
/// What a batch of entries touches, read with one query a table: the machines, the boots with their facts, and the
/// boots that their machines leave behind by beginning anew.
/// </summary>
internal sealed class JournalBatch
{
    private readonly NetbootDb _db;
    private readonly Dictionary<long, MachineRow> _machines = [];
    private readonly Dictionary<string, MachineRow> _byMac = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BootRow> _boots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<BootFactRow>> _facts = new(StringComparer.Ordinal);

    private JournalBatch(NetbootDb db) => _db = db;

    /// <summary>The transaction that the batch is written in.</summary>
    public NetbootDb Db => _db;

    /// <summary>Reads what <paramref name="entries"/> touch.</summary>
    public static async Task<JournalBatch> LoadAsync(
        NetbootDb db, IReadOnlyCollection<BootEntry> entries, CancellationToken ct)
    {
        var batch = new JournalBatch(db);
        await batch.LoadBootsAsync([.. entries.Select(TicketOf).OfType<BootTicket>().Select(t => t.Boot).Distinct()], ct);
        await batch.LoadMachinesAsync(
            [.. entries.Select(MachineOf).Concat(batch._boots.Values.Select(boot => boot.MachineId)).OfType<long>().Where(id => id != 0).Distinct()],
            [.. entries.Select(MacOf).OfType<MacAddress>().Select(mac => mac.ToString()).Distinct()], ct);
        await batch.LoadUnfinishedAsync(ct);
        return batch;
    }

    /// <summary>The machine with that row key; null when it is gone.</summary>
    public MachineRow? Machine(long? id) => id is { } key ? _machines.GetValueOrDefault(key) : null;

    /// <summary>The machine that has that MAC.</summary>
    public MachineRow? Machine(MacAddress? mac) => mac is { } known ? _byMac.GetValueOrDefault(known.ToString()) : null;

    /// <summary>A machine that was just discovered.</summary>
    public void Add(MachineRow machine, MacAddress mac) =>
        (_machines[machine.Id], _byMac[mac.ToString()]) = (machine, machine);

    /// <summary>The facts of a boot, those of this batch included.</summary>
    public List<BootFactRow> Facts(string boot) =>
        _facts.TryGetValue(boot, out var facts) ? facts : _facts[boot] = [];

    /// <summary>Adds a fact.</summary>
    public void Add(BootFactRow fact)
    {
        Facts(fact.BootId).Add(fact);
        _db.Add(fact);
    }

    /// <summary>Boots of a machine that are still under way and began before <paramref name="boot"/>.</summary>
    public IEnumerable<BootRow> LeftBehindBy(BootRow boot) => _boots.Values.Where(other =>
        other.MachineId == boot.MachineId && boot.MachineId is not null && other.Id != boot.Id
        && other.StartedAt < boot.StartedAt && other.Outcome is Outcomes.Running or Outcomes.Stalled);

    /// <summary>
    /// The boot of a ticket. Its opening may have been dropped, or may be on its way from another replica: then the
    /// ticket says enough to begin one.
    /// </summary>
    public async Task<BootRow> BootAsync(BootTicket ticket, MacAddress? mac, CancellationToken ct)
    {
        if (_boots.TryGetValue(ticket.Boot, out var known)) return known;
        var machine = ticket.Machine != 0 ? Machine(ticket.Machine) : Machine(mac);
        var boot = new BootRow
        {
            Id = ticket.Boot, MachineId = machine?.Id, MachineName = machine?.Name,
            TookNextBoot = ticket.TookNextBoot, StartedAt = ticket.StartedAt, LastHeardAt = ticket.StartedAt,
            Outcome = Outcomes.Running,
        };
        (boot.Image, boot.Version) = await VersionAsync(ticket.Version, ct);
        _db.Add(boot);
        return _boots[boot.Id] = boot;
    }

    /// <summary>Makes the newest boot of a machine visible on the machine.</summary>
    public static void ShowOn(MachineRow machine, BootRow boot)
    {
        var shown = machine.LastBoot is null ? null : JsonSerializer.Deserialize<LastBoot>(machine.LastBoot, JsonBody.Writing);
        if (shown is null || shown.Id == boot.Id || shown.StartedAt <= boot.StartedAt)
            machine.LastBoot = MachineReading.Write(
                new LastBoot(boot.Id, boot.Image, boot.Version, boot.Outcome, boot.StartedAt));
    }

    private async Task<(string? Image, string? Version)> VersionAsync(string prefix, CancellationToken ct)
    {
        if (prefix.Length == 0) return default;
        var found = await (
            from row in _db.Set<ImageVersionRow>()
            join image in _db.Set<ImageRow>() on row.ImageId equals image.Id
            where row.Id.StartsWith(prefix)
            orderby row.Sequence descending
            select new { row.Id, image.Name }).FirstOrDefaultAsync(ct);
        return (found?.Name, found?.Id);
    }

    private async Task LoadBootsAsync(List<string> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return;
        foreach (var boot in await _db.Set<BootRow>().Where(row => ids.Contains(row.Id)).ToListAsync(ct)) _boots[boot.Id] = boot;
        if (_boots.Count == 0) return;
        foreach (var fact in await _db.Set<BootFactRow>().AsNoTracking().Where(row => ids.Contains(row.BootId)).ToListAsync(ct))
            Facts(fact.BootId).Add(fact);
    }

    private async Task LoadMachinesAsync(List<long> ids, List<string> macs, CancellationToken ct)
    {
        if (macs.Count > 0)
        {
            var found = await _db.Set<MachineMacRow>().Where(entry => macs.Contains(entry.Mac))
                .Join(_db.Set<MachineRow>(), entry => entry.MachineId, row => row.Id, (entry, row) => new { entry.Mac, Row = row })
                .ToListAsync(ct);
            foreach (var entry in found) (_byMac[entry.Mac], _machines[entry.Row.Id]) = (entry.Row, entry.Row);
        }
        var missing = ids.Where(id => !_machines.ContainsKey(id)).ToList();
        if (missing.Count == 0) return;
        foreach (var row in await _db.Set<MachineRow>().Where(row => missing.Contains(row.Id)).ToListAsync(ct))
            _machines[row.Id] = row;
    }

    private async Task LoadUnfinishedAsync(CancellationToken ct)
    {
        if (_machines.Count == 0) return;
        var ids = _machines.Keys.ToList();
        var unfinished = await _db.Set<BootRow>().Where(row => ids.Contains(row.MachineId ?? 0)
            && (row.Outcome == Outcomes.Running || row.Outcome == Outcomes.Stalled)).ToListAsync(ct);
        foreach (var boot in unfinished) _boots.TryAdd(boot.Id, boot);
    }

    private static BootTicket? TicketOf(BootEntry entry) => entry switch
    {
        BootOpened opened => opened.Ticket,
        BootStep step => step.Ticket,
        _ => null,
    };

    private static long? MachineOf(BootEntry entry) => entry switch
    {
        MachineSeen seen => seen.MachineId,
        NextBootUsed used => used.MachineId,
        _ => TicketOf(entry)?.Machine,
    };

    private static MacAddress? MacOf(BootEntry entry) => entry switch
    {
        MachineSeen { MachineId: null } seen => seen.Identity.Mac,
        BootOpened { Ticket.Machine: 0 } opened => opened.Identity.Mac,
        _ => null,
    };
}
