using System.Text;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// What a batch of entries touches, read with one query a table: the machines, the boots with their facts, and the
/// boots that their machines leave behind by beginning anew. What has changed is written by prepared statements.
/// </summary>
internal sealed class JournalBatch(NetbootDb db, MachineWriter machines)
{
    private static readonly string[] CountedColumns =
    [
        nameof(BootFactRow.FirstAt), nameof(BootFactRow.At), nameof(BootFactRow.Count), nameof(BootFactRow.EndedAt),
        nameof(BootFactRow.Bytes), nameof(BootFactRow.TotalBytes), nameof(BootFactRow.SentBytes),
    ];

    private readonly Dictionary<long, MachineRow> _machines = [];
    private readonly Dictionary<string, MachineRow> _byMac = new(StringComparer.Ordinal);
    private readonly Dictionary<MachineRow, LastBoot?> _lastBoots = [];
    private readonly Dictionary<string, BootRow> _boots = new(StringComparer.Ordinal);
    private readonly Dictionary<long, List<BootRow>> _unfinished = [];
    private readonly Dictionary<string, List<BootFactRow>> _facts = new(StringComparer.Ordinal);
    private readonly HashSet<MachineRow> _changedMachines = [];

    /// <summary>What decided a machine's next boot when it was read.</summary>
    private readonly Dictionary<MachineRow, (string? NextBoot, string? Completion)> _decided = [];
    private readonly HashSet<string> _opening = new(StringComparer.Ordinal);
    private readonly HashSet<BootRow> _newBoots = [], _changedBoots = [];
    private readonly HashSet<BootFactRow> _newFacts = [], _changedFacts = [];
    private readonly Dictionary<string, (string? Image, string? Version)> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GivenScript> _scripts = new(StringComparer.Ordinal);

    /// <summary>Row keys of the versions that a boot has proved to phone home, with their images.</summary>
    public Dictionary<long, string> PhonedHome { get; } = [];

    /// <summary>The outcomes that boots reached, each as often as it was reached.</summary>
    public List<string> Reached { get; } = [];

    /// <summary>Boots of machines that have become a success.</summary>
    public List<string> Succeeded { get; } = [];

    /// <summary>Whether a machine was discovered.</summary>
    public bool HasDiscovered { get; private set; }

    /// <summary>The boots that began with this batch.</summary>
    public IReadOnlyCollection<BootRow> NewBoots => _newBoots;

    /// <summary>The transaction that the batch is written in.</summary>
    public NetbootDb Db => db;

    /// <summary>Writes machines.</summary>
    public MachineWriter Machines => machines;

    /// <summary>Reads what <paramref name="entries"/> touch.</summary>
    public static async Task<JournalBatch> LoadAsync(
        NetbootDb db, MachineWriter machines, IReadOnlyCollection<BootEntry> entries, CancellationToken ct)
    {
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        var batch = new JournalBatch(db, machines);
        await batch.LoadBootsAsync([.. entries.Select(TicketOf).OfType<BootTicket>().Select(t => t.Boot).Distinct()],
            ct);
        await batch.LoadMachinesAsync(
            [.. entries.Select(MachineOf).Concat(batch._boots.Values.Select(boot => boot.MachineId)).OfType<long>()
                .Where(id => id != 0).Distinct()],
            [.. entries.Select(MacOf).OfType<MacAddress>().Select(mac => mac.ToString()).Distinct()], ct);
        await batch.LoadUnfinishedAsync(ct);
        return batch;
    }

    /// <summary>The machine with that row key; null when it is gone.</summary>
    public MachineRow? Machine(long? id) => id is { } key ? _machines.GetValueOrDefault(key) : null;

    /// <summary>The machine that has that MAC.</summary>
    public MachineRow? Machine(MacAddress? mac) => mac is { } known ? _byMac.GetValueOrDefault(known.ToString()) : null;

    /// <summary>A machine has this MAC from now on.</summary>
    public void Add(MachineRow machine, MacAddress mac) =>
        (_machines[machine.Id], _byMac[mac.ToString()]) = (machine, machine);

    /// <summary>A row that was read on the way: the one of this batch, when it has it already.</summary>
    public MachineRow Track(MachineRow read)
    {
        if (_machines.TryGetValue(read.Id, out var known)) return known;
        _decided[read] = (read.NextBoot, read.Completion);
        return _machines[read.Id] = read;
    }

    /// <summary>A machine was discovered.</summary>
    public void Discovered(MachineRow machine, MacAddress mac)
    {
        Add(machine, mac);
        HasDiscovered = true;
    }

    /// <summary>A machine's record has become part of another's, and so have its boots.</summary>
    public void Join(MachineRow from, MachineRow to)
    {
        _machines.Remove(from.Id);
        _changedMachines.Remove(from);
        _lastBoots.Remove(from);
        _unfinished.Remove(from.Id);
        foreach (var mac in _byMac.Where(entry => entry.Value == from).Select(entry => entry.Key).ToList())
            _byMac.Remove(mac);
        foreach (var boot in _boots.Values.Where(boot => boot.MachineId == from.Id).ToList()) Give(boot, to);
    }

    /// <summary>What was observed of the machine has changed.</summary>
    public void Changed(MachineRow machine) => _changedMachines.Add(machine);

    /// <summary>The boot has changed.</summary>
    public void Changed(BootRow boot)
    {
        if (!_newBoots.Contains(boot)) _changedBoots.Add(boot);
    }

    /// <summary>The facts of a boot, those of this batch included; of earlier ones without long details.</summary>
    public List<BootFactRow> Facts(string boot) =>
        _facts.TryGetValue(boot, out var facts) ? facts : _facts[boot] = [];

    /// <summary>Adds a fact, or counts it where it has happened before.</summary>
    public void Add(BootFactRow fact)
    {
        foreach (var row in BootRecord.Add(Facts(fact.BootId), fact))
            (row.Id == 0 ? _newFacts : _changedFacts).Add(row);
    }

    /// <summary>Boots of a machine that are still under way and began before <paramref name="boot"/>.</summary>
    public IEnumerable<BootRow> LeftBehindBy(BootRow boot) =>
        _unfinished.GetValueOrDefault(boot.MachineId ?? 0, []).Where(other => other.Id != boot.Id
            && (other.StartedAt < boot.StartedAt
                || (other.Expects is not null && IsOfAnotherTime(other.StartedAt, boot.StartedAt)))
            && other.Outcome is Outcomes.Running or Outcomes.Stalled);

    /// <summary>The boot whose script was handed out; a report may have overtaken it and begun it already.</summary>
    public BootRow Boot(BootOpened opened)
    {
        // One that contradicts a registration may have the registered machine's MAC, and is none of its boots.
        var mac = opened.Contradicts && Machine(opened.Identity.AnyMac) is { State: MachineState.Registered }
            ? null : opened.Identity.AnyMac;
        var boot = _boots.GetValueOrDefault(opened.Ticket.Boot) ?? Begin(opened.Ticket, mac);
        // A report that overtook this entry could not know a machine that had no record yet.
        if (boot.MachineId is null && Machine(mac) is { } machine) Give(boot, machine);
        (boot.MachineName, boot.Image, boot.Version) = (opened.MachineName, opened.Image, opened.Version);
        (boot.Profile, boot.Expects, boot.After) = (opened.Profile, opened.Expects, opened.After);
        boot.InitrdBytes = opened.InitrdBytes;
        boot.Teaches = opened.Teaches is null ? null : MachineReading.Write(opened.Teaches);
        if (opened.Script is { } script)
        {
            boot.Script = script.Id;
            _scripts[script.Id] = script;
        }
        return boot;
    }

    /// <summary>
    /// The boot of a ticket. Its opening may have been dropped, or may be on its way from another replica: then the
    /// ticket says enough to begin one.
    /// </summary>
    public async Task<BootRow> BootAsync(BootTicket ticket, CancellationToken ct)
    {
        if (_boots.TryGetValue(ticket.Boot, out var known)) return known;
        var boot = Begin(ticket, null);
        (boot.Image, boot.Version) = await VersionAsync(ticket.Version, ct);
        return boot;
    }

    /// <summary>
    /// The boot's script is being written down: it is the machine's newest, whatever the wall clock says.
    /// </summary>
    public void Opens(BootRow boot) => _opening.Add(boot.Id);

    /// <summary>
    /// Scripts are written down in the order in which they were handed out, but for a moment: when one of long after
    /// this one is there already, the wall clock was set back between them.
    /// </summary>
    private static bool IsOfAnotherTime(DateTimeOffset other, DateTimeOffset opened) =>
        other > opened + TimeSpan.FromMinutes(1);

    /// <summary>Makes the newest boot of a machine visible on the machine.</summary>
    public void ShowOn(MachineRow machine, BootRow boot)
    {
        if (!_lastBoots.TryGetValue(machine, out var shown)) shown = MachineReading.Read<LastBoot>(machine.LastBoot);
        if (shown is null || shown.Id == boot.Id || shown.StartedAt <= boot.StartedAt
            || (_opening.Contains(boot.Id) && IsOfAnotherTime(shown.StartedAt, boot.StartedAt)))
            shown = new LastBoot(boot.Id, boot.Image, boot.Version, boot.Outcome, boot.StartedAt);
        _lastBoots[machine] = shown;
        Changed(machine);
    }

    /// <summary>Writes what has changed.</summary>
    public async Task SaveAsync(CancellationToken ct)
    {
        foreach (var (machine, boot) in _lastBoots) machine.LastBoot = MachineReading.Write(boot);
        foreach (var machine in _changedMachines)
            await machines.WriteObservedAsync(machine, _decided.TryGetValue(machine, out var decided)
                && decided != (machine.NextBoot, machine.Completion), ct);
        foreach (var boot in _newBoots.Concat(_changedBoots)) db.Changes.Add(ChangeKinds.Boot, boot.Id);
        await SaveScriptsAsync(ct);
        await RunAsync(_newBoots, () => PreparedRows<BootRow>.Insert(db), ct);
        await RunAsync(_changedBoots, () => PreparedRows<BootRow>.Update(db), ct);
        foreach (var fact in _newFacts.Concat(_changedFacts).Where(fact => fact.Detail is not null))
            fact.DetailBytes = Encoding.UTF8.GetByteCount(fact.Detail!);
        await RunAsync(_newFacts, () => PreparedRows<BootFactRow>.Insert(db), ct);
        // A long detail of an earlier fact was not read: one is written only where it is known.
        await RunAsync(_changedFacts, () => PreparedRows<BootFactRow>.Update(db, CountedColumns), ct);
        await RunAsync([.. _changedFacts.Where(fact => fact.Detail is not null)],
            () => PreparedRows<BootFactRow>.Update(db, nameof(BootFactRow.Detail), nameof(BootFactRow.DetailBytes)),
            ct);
    }

    /// <summary>Writes the scripts that are not stored yet; most machines get the same one again and again.</summary>
    private async Task SaveScriptsAsync(CancellationToken ct)
    {
        if (_scripts.Count == 0) return;
        var ids = _scripts.Keys.ToList();
        var stored = await db.Set<BootScriptRow>().Where(row => ids.Contains(row.Id)).Select(row => row.Id)
            .ToHashSetAsync(ct);
        await RunAsync([.. _scripts.Values.Where(script => !stored.Contains(script.Id)).Select(script =>
            new BootScriptRow { Id = script.Id, Reason = script.Reason, Text = script.Compressed })],
            () => PreparedRows<BootScriptRow>.Upsert(db), ct);
    }

    private static async Task RunAsync<TRow>(
        IReadOnlyCollection<TRow> rows, Func<PreparedRows<TRow>> prepare, CancellationToken ct) where TRow : class
    {
        if (rows.Count == 0) return;
        await using var statement = prepare();
        foreach (var row in rows) await statement.RunAsync(row, ct);
    }

    private BootRow Begin(BootTicket ticket, MacAddress? mac)
    {
        var boot = new BootRow
        {
            Id = ticket.Boot, TookNextBoot = ticket.TookNextBoot, StartedAt = ticket.StartedAt,
            LastHeardAt = ticket.StartedAt, Outcome = Outcomes.Running, Recipe = ticket.Recipe,
        };
        if ((ticket.Machine != 0 ? Machine(ticket.Machine) : Machine(mac)) is { } machine) Give(boot, machine);
        _newBoots.Add(boot);
        return _boots[boot.Id] = boot;
    }

    private void Give(BootRow boot, MachineRow machine)
    {
        (boot.MachineId, boot.MachineName) = (machine.Id, machine.Name);
        Unfinished(machine.Id).Add(boot);
    }

    private List<BootRow> Unfinished(long machine) =>
        _unfinished.TryGetValue(machine, out var boots) ? boots : _unfinished[machine] = [];

    private async Task<(string? Image, string? Version)> VersionAsync(string prefix, CancellationToken ct)
    {
        if (prefix.Length == 0) return default;
        if (_versions.TryGetValue(prefix, out var known)) return known;
        var found = await (
            from row in db.Set<ImageVersionRow>()
            join image in db.Set<ImageRow>() on row.ImageId equals image.Id
            where row.Id.StartsWith(prefix)
            orderby row.Sequence descending
            select new { row.Id, image.Name }).FirstOrDefaultAsync(ct);
        return _versions[prefix] = (found?.Name, found?.Id);
    }

    private async Task LoadBootsAsync(List<string> ids, CancellationToken ct)
    {
        if (ids.Count == 0) return;
        foreach (var boot in await db.Set<BootRow>().Where(row => ids.Contains(row.Id)).ToListAsync(ct))
            _boots[boot.Id] = boot;
        if (_boots.Count == 0) return;
        await LoadFactsAsync(db.Set<BootFactRow>().Where(row => ids.Contains(row.BootId)), ct);
    }

    private async Task LoadFactsAsync(IQueryable<BootFactRow> facts, CancellationToken ct)
    {
        foreach (var fact in await facts.UpTo(BootTimeline.FilesElsewhere.Length).ToListAsync(ct))
            Facts(fact.BootId).Add(fact);
    }

    private async Task LoadMachinesAsync(List<long> ids, List<string> macs, CancellationToken ct)
    {
        if (macs.Count > 0)
        {
            var found = await db.Set<MachineMacRow>().Where(entry => macs.Contains(entry.Mac))
                .Join(db.Set<MachineRow>(), entry => entry.MachineId, row => row.Id, (entry, row) =>
                    new { entry.Mac, Row = row })
                .ToListAsync(ct);
            foreach (var entry in found) // several MACs may be one machine's
            {
                _byMac[entry.Mac] = Track(entry.Row);
            }
        }
        var missing = ids.Where(id => !_machines.ContainsKey(id)).ToList();
        if (missing.Count == 0) return;
        foreach (var row in await db.Set<MachineRow>().Where(row => missing.Contains(row.Id)).ToListAsync(ct))
            Track(row);
    }

    private async Task LoadUnfinishedAsync(CancellationToken ct)
    {
        if (_machines.Count == 0) return;
        var ids = _machines.Keys.ToList();
        // Without ??, which no index serves.
        var unfinished = await db.Set<BootRow>().Where(row => row.MachineId != null && ids.Contains(row.MachineId.Value)
            && (row.Outcome == Outcomes.Running || row.Outcome == Outcomes.Stalled)).ToListAsync(ct);
        List<string> others = [];
        foreach (var boot in unfinished)
        {
            if (_boots.TryAdd(boot.Id, boot)) others.Add(boot.Id);
            Unfinished(boot.MachineId!.Value).Add(_boots[boot.Id]);
        }
        // All that may be added to them here is that they are lost.
        if (others.Count > 0) await LoadFactsAsync(
            db.Set<BootFactRow>().Where(row => others.Contains(row.BootId) && row.Kind == FactKinds.Lost), ct);
    }

    private static BootTicket? TicketOf(BootEntry entry) => entry switch
    {
        BootOpened opened => opened.Ticket,
        BootStep step => step.Ticket,
        _ => null,
    };

    private static long? MachineOf(BootEntry entry) => entry switch
    {
        MachineSeen seen => seen.Recognition.Machine?.Id,
        NextBootUsed used => used.MachineId,
        _ => TicketOf(entry)?.Machine,
    };

    private static MacAddress? MacOf(BootEntry entry) => entry switch
    {
        MachineSeen { Recognition.By: not Evidence.BootMac } seen => seen.Identity.AnyMac,
        BootOpened { Ticket.Machine: 0 } opened => opened.Identity.AnyMac,
        _ => null,
    };
}
