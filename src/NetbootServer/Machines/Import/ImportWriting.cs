using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Overlays;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>
/// Compares the rows of an import with the database, batch by batch, and writes them, when it is to, inside the
/// caller's transaction. What holds for one machine saved alone (<see cref="MachineWriting"/>)
/// holds here; beyond it, machines of one file may exchange their MACs.
/// </summary>
/// <param name="db">The running transaction; a plain context for a dry run.</param>
/// <param name="import">What the file says of all its rows.</param>
/// <param name="faults">Collects conflicts.</param>
/// <param name="answer">Receives each row.</param>
internal sealed class ImportWriting(NetbootDb db, ImportContext import, ImportFaults faults, ImportAnswer answer)
    : IAsyncDisposable
{
    private readonly HashSet<long> _taken = [];
    private readonly List<Renaming> _renamings = [];
    private readonly HashSet<long> _renamed = [];
    private readonly MachineWriter? _writer = import.DryRun ? null : new(db, import.Joined);
    private readonly PreparedRows<AuditRow>? _audit = import.DryRun ? null : PreparedRows<AuditRow>.Insert(db);
    private int _stored;
    private MachineReferences? _references;

    public async Task LoadAsync(CancellationToken ct) => _references = await MachineReferences.LoadAsync(db, ct);

    public async Task WriteAsync(IReadOnlyList<ImportRow> batch, CancellationToken ct)
    {
        var names = batch.Select(row => row.Name).ToArray();
        var known = await db.Set<MachineRow>().AsNoTracking().Where(row => EF.Parameter(names).Contains(row.Name))
            .ToDictionaryAsync(row => row.Name, StringComparer.Ordinal, ct);
        var wanted = batch.Select(row => (Row: row, Before: known.GetValueOrDefault(row.Name)))
            .Select(pair => (pair.Row, pair.Before, Spec: pair.Row.SpecOver(pair.Before?.Spec, import.Columns)))
                .ToList();
        var macs = wanted.SelectMany(row => row.Spec.Macs).ToArray();
        var owners = (await (
            from entry in db.Set<MachineMacRow>()
            join machine in db.Set<MachineRow>() on entry.MachineId equals machine.Id
            where EF.Parameter(macs).Contains(entry.Mac)
            select new { entry.Mac, Machine = machine }).AsNoTracking().ToListAsync(ct))
            .ToDictionary(owner => owner.Mac, owner => owner.Machine, StringComparer.Ordinal);
        var twins = await ImportTwins.LoadAsync(db, wanted.Select(row => row.Spec), ct);
        var takenNames = await TakenAmongAsync([.. batch.Select(row => row.Rename).OfType<string>()], ct);
        foreach (var (row, before, asked) in wanted)
        {
            var kept = await OverlaySecrets.KeepAsync(db, asked.Overlay, before?.ReadSpec().Overlay, ct);
            if (kept.Fault is { } unkept) faults.Add(row.Line, unkept);
            var spec = asked with { Overlay = kept.Overlay };
            if (row.FaultOver(before) is { } managed) faults.Add(row.Line, managed);
            if (row.Rename is not null && before is null)
                faults.Add(row.Line, $"$.name there is no machine '{row.Name}' to rename");
            if (row.Rename is not null && takenNames.Contains(row.NewName))
                faults.Add(row.Line,
                    $"$.rename there is a machine '{row.NewName}' already, which this file gives no other name");
            var others = spec.Macs.Select(mac => (Mac: mac, Owner: owners.GetValueOrDefault(mac)))
                .Where(other => other.Owner is not null && other.Owner.Id != before?.Id
                    && !import.Lines.ContainsKey(other.Owner.Name)
                    && !_taken.Contains(other.Owner.Id) && !_renamed.Contains(other.Owner.Id)).ToList();
            if (_references!.ProfileFault(spec.Profile) is { } profile) faults.Add(row.Line, $"$.profile {profile}");
            if (_references.VersionFault(spec, before?.ReadSpec()) is { } version)
                faults.Add(row.Line, $"$.version {version}");
            foreach (var (mac, owner) in others.Where(other => other.Owner!.State == MachineState.Registered))
                faults.Add(row.Line, $"$.macs {mac} belongs to machine '{owner!.Name}', which is not in this file");
            if (spec.Macs.IsEmpty && twins.TwinOf(spec, before?.Id, import.Lines) is { } twin)
                faults.Add(row.Line, $"$.macs is required: machine '{twin}' has the same uuid or serial already");
            if (faults.Any) continue;
            var discovered = others.Select(other => other.Owner!).DistinctBy(found => found.Id)
                .OrderBy(found => found.FirstSeenAt).ToList();
            await StoreAsync(row, before, spec, discovered, kept.Arms, ct);
        }
    }

    private async Task<HashSet<string>> TakenAmongAsync(string[] newNames, CancellationToken ct)
    {
        if (newNames.Length == 0) return [];
        var taken = await db.Set<MachineRow>().Where(row => EF.Parameter(newNames).Contains(row.Name))
            .Select(row => row.Name).ToListAsync(ct);
        return [.. taken.Where(name => !import.Renamed.Contains(name))];
    }

    /// <summary>All machines are written: those that get other names get them, with what refers to them.</summary>
    public async Task RenameAsync(CancellationToken ct)
    {
        foreach (var renaming in _renamings)
        {
            await db.Set<MachineRow>().Where(row => row.Id == renaming.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, renaming.To), ct);
            db.Changes.Add(ChangeKinds.Machine, renaming.To);
            // References by name meet names that were exchanged: first out of the way, then to the new name.
            await import.References.FollowAsync(db, renaming with { To = $"~{renaming.Id}" }, ct);
        }
        foreach (var renaming in _renamings)
        {
            await import.References.FollowAsync(db, renaming with { From = $"~{renaming.Id}" }, ct);
            import.Audit.Renamed(db, renaming);
        }
    }

    /// <summary>Writes down who imported how many; each changed machine has an entry of its own, too.</summary>
    public void Conclude()
    {
        var counts = new
        {
            Created = answer.Count(Actions.Created),
            Changed = answer.Count(Actions.Changed),
            Unchanged = answer.Count(Actions.Unchanged),
        };
        if (!import.DryRun && !faults.Any && counts.Created + counts.Changed > 0)
            import.Audit.Add(db, new("import", "machines", "import") { After = counts });
    }

    private async Task StoreAsync(
        ImportRow row, MachineRow? before, MachineSpec spec, List<MachineRow> discovered, long? arms,
        CancellationToken ct)
    {
        var json = before is null ? "" : MachineReading.Write(spec);
        _taken.UnionWith(discovered.Select(found => found.Id));
        var isSame = before is { State: MachineState.Registered } && before.Spec == json && discovered.Count == 0
            && row.Rename is null;
        var action = before is null ? Actions.Created : isSame ? Actions.Unchanged : Actions.Changed;
        answer.Add(new(row.Line, row.Name, action)
        {
            Changes = action == Actions.Changed ? Changes(before!, json, row) : null,
            TakesOver = discovered.Count == 0 ? null : [.. discovered.Select(found => found.Name)],
        });
        if (isSame && _writer is not null && before!.ManagedBy != row.ManagedBy)
            await _writer.WriteManagedAsync(before, row.ManagedBy, ct);
        if (isSame || _writer is null) return;
        if (++_stored > ImportContext.NamedOneByOne) db.Changes.AddAll(ChangeKinds.Machine);
        if (row.Rename is not null)
        {
            _renamed.Add(before!.Id);
            _renamings.Add(new("machine", before.Id, row.Name, row.NewName, before.CreatedAt));
        }
        if (before is not { State: MachineState.Registered } || before.Spec != json)
            await _audit!.RunAsync(import.Audit.RowOf(new(before is null ? "create" : "change", "machine", row.Name)
            {
                Before = before?.ReadSpec(), After = spec,
            }), ct);
        // Machines of one file may exchange their names: each gets its new one when all of these are free.
        await _writer.RegisterAsync(
            before, row.NewName, spec, discovered, import.Now, isNamedLater: row.NewName != row.Name, ct,
            arms, row.ManagedBy);
    }

    private static Dictionary<string, MemberChange> Changes(MachineRow before, string after, ImportRow row)
    {
        var (old, now) = (Shown(before.Spec), Shown(after));
        var changes = old.Keys.Union(now.Keys).Where(member =>
            !Same(old.GetValueOrDefault(member), now.GetValueOrDefault(member)))
            .ToDictionary(member => member, member => new MemberChange(Shown(old, member), Shown(now, member)),
                StringComparer.Ordinal);
        if (row.Rename is not null)
            changes["name"] = new(JsonSerializer.SerializeToElement(row.Name),
                JsonSerializer.SerializeToElement(row.NewName));
        if (before.State == MachineState.Discovered)
            changes["state"] = new(JsonSerializer.SerializeToElement("discovered"),
                JsonSerializer.SerializeToElement("registered"));
        return changes;
    }

    private static bool Same(JsonElement left, JsonElement right) =>
        left.ValueKind == right.ValueKind && (left.ValueKind == JsonValueKind.Undefined
            || left.GetRawText() == right.GetRawText());

    private static JsonElement? Shown(Dictionary<string, JsonElement> members, string member) =>
        members.TryGetValue(member, out var value) ? value : null;

    /// <summary>What the API shows of a stored spec, by member.</summary>
    private static Dictionary<string, JsonElement> Shown(string spec) =>
        JsonSerializer.SerializeToElement(MachineReading.ReadSpec(spec), JsonBody.Writing)
            .Deserialize<Dictionary<string, JsonElement>>()!;

    public async ValueTask DisposeAsync()
    {
        if (_writer is not null) await _writer.DisposeAsync();
        if (_audit is not null) await _audit.DisposeAsync();
    }
}
