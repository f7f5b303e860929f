using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>What the rows of one import have in common.</summary>
/// <param name="DryRun">Only look.</param>
/// <param name="Columns">What the file sets; null for all.</param>
/// <param name="Lines">The names in the file, with their lines.</param>
/// <param name="Now">The time of the change.</param>
/// <param name="Joined">Told when one machine's record becomes part of another's.</param>
/// <param name="Audit">Where it is written down who changed each machine.</param>
internal sealed record ImportContext(bool DryRun, IReadOnlySet<string>? Columns, IReadOnlyDictionary<string, long> Lines,
    DateTimeOffset Now, MachineJoined Joined, Audit Audit)
{
    /// <summary>Names of machines in the file that get others.</summary>
    public required IReadOnlySet<string> Renamed { get; init; }

    /// <summary>Makes what refers to a machine follow its new name.</summary>
    public required Renames Renames { get; init; }

    /// <summary>More changes than this are told as one: load everything anew.</summary>
    public const int TellOneByOne = 500;
}

/// <summary>A machine to be written.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="NewName">Its name from now on.</param>
/// <param name="Before">Its record; null for a new one.</param>
/// <param name="Spec">Its new spec.</param>
/// <param name="Discovered">Discovered machines that it takes over, oldest first.</param>
internal sealed record MachineToStore(
    string Name, string NewName, MachineRow? Before, MachineSpec Spec, List<MachineRow> Discovered);

/// <summary>The prepared statements of an import.</summary>
internal sealed class ImportStatements(NetbootDb db) : IAsyncDisposable
{
    private readonly PreparedRows<MachineRow> _insert = PreparedRows<MachineRow>.Insert(db);
    private readonly PreparedRows<MachineRow> _update = PreparedRows<MachineRow>.Update(db);
    private readonly PreparedRows<MachineMacRow> _takeMac = PreparedRows<MachineMacRow>.Upsert(db);
    private readonly PreparedRows<MachineMacRow> _dropMacs = PreparedRows<MachineMacRow>.Delete(db,
        nameof(MachineMacRow.MachineId));
    private readonly PreparedRows<MachineLabelRow> _label = PreparedRows<MachineLabelRow>.Insert(db);
    private readonly PreparedRows<MachineLabelRow> _dropLabels = PreparedRows<MachineLabelRow>.Delete(db,
        nameof(MachineLabelRow.MachineId));

    private readonly PreparedRows<AuditRow> _audit = PreparedRows<AuditRow>.Insert(db);

    /// <summary>Writes a machine with its MACs and labels, and what it takes over.</summary>
    public async Task StoreAsync(MachineToStore machine, ImportContext import, CancellationToken ct)
    {
        var (name, newName, before, spec, discovered) = machine;
        if (before is not { State: MachineState.Registered } || before.Spec != MachineReading.Write(spec))
            await _audit.RunAsync(import.Audit.RowOf(new(before is null ? "create" : "change", "machine", name)
            {
                Before = before?.ReadSpec(), After = spec,
            }), ct);
        var renamed = before is null && discovered.Count > 0;
        var row = before ?? (renamed ? discovered[0]
            : new() { Name = name, Spec = "", Search = "", CreatedAt = import.Now });
        foreach (var found in discovered.Skip(renamed ? 1 : 0))
        {
            row.Absorb(found);
            await import.Joined(db, found.Id, row.Id, ct);
            await db.Set<MachineRow>().Where(gone => gone.Id == found.Id).ExecuteDeleteAsync(ct);
        }
        row.Name = newName;
        row.State = MachineState.Registered;
        row.Revision = renamed ? 1 : row.Revision + 1;
        row.UpdatedAt = import.Now;
        row.WriteSpec(spec);
        // Machines of one file may exchange their names: each gets its new one when all of these are free.
        if (newName != name) row.Name = $"~{row.Id}";
        if (row.Id == 0) row.Id = await _insert.RunAsync(row, ct);
        else await ReplaceAsync(row, ct);
        foreach (var mac in spec.Macs) await _takeMac.RunAsync(new() { Mac = mac, MachineId = row.Id }, ct);
        foreach (var (key, value) in spec.Labels)
            await _label.RunAsync(new() { MachineId = row.Id, Key = key, Value = value }, ct);
    }

    private async Task ReplaceAsync(MachineRow row, CancellationToken ct)
    {
        await _update.RunAsync(row, ct);
        await _dropMacs.RunAsync(new() { Mac = "", MachineId = row.Id }, ct);
        await _dropLabels.RunAsync(new() { Key = "", Value = "", MachineId = row.Id }, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _insert.DisposeAsync();
        await _update.DisposeAsync();
        await _takeMac.DisposeAsync();
        await _dropMacs.DisposeAsync();
        await _label.DisposeAsync();
        await _dropLabels.DisposeAsync();
        await _audit.DisposeAsync();
    }
}
