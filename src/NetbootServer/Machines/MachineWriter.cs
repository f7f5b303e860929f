using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>
/// Writes the rows of machines for every door: PUT, PATCH, import, discovery, and what a boot or an operator settles.
/// Each write adds to the transaction's <see cref="Changes"/> what it makes stale. Statements are prepared once and
/// serve any number of machines.
/// </summary>
/// <param name="db">The running transaction.</param>
/// <param name="joined">Called when one machine's record becomes part of another's.</param>
internal sealed class MachineWriter(NetbootDb db, MachineJoined joined) : IAsyncDisposable
{
    private static readonly string[] ObservedColumns =
    [
        nameof(MachineRow.FirstSeenAt), nameof(MachineRow.LastSeenAt), nameof(MachineRow.Identity),
        nameof(MachineRow.IdentityChanges), nameof(MachineRow.UuidKey), nameof(MachineRow.SerialKey),
        nameof(MachineRow.LastBoot), nameof(MachineRow.NextBoot), nameof(MachineRow.NextBootProfile),
        nameof(MachineRow.Completion),
    ];

    private static readonly string[] LearnedColumns =
    [
        nameof(MachineRow.Revision), nameof(MachineRow.UpdatedAt), nameof(MachineRow.Spec), nameof(MachineRow.Search),
        nameof(MachineRow.Reference), nameof(MachineRow.UuidKey), nameof(MachineRow.SerialKey),
    ];

    private readonly List<IAsyncDisposable> _prepared = [];
    private PreparedRows<MachineRow>? _insert, _update, _observe, _learn, _manage, _delete;
    private PreparedRows<MachineMacRow>? _takeMac, _dropMacs;
    private PreparedRows<MachineLabelRow>? _label, _dropLabels;

    /// <summary>Registers a machine, or changes a registered one.</summary>
    /// <param name="row">Its record, not tracked; null when there is none of its name.</param>
    /// <param name="name">Its name from now on.</param>
    /// <param name="spec">Its spec; no other registered machine keeps one of its MACs.</param>
    /// <param name="discovered">Discovered machines that it takes over, oldest first.</param>
    /// <param name="at">The time of the change.</param>
    /// <param name="isNamedLater">
    /// Whether another machine may have the name still, so that the caller writes it when all machines are written.
    /// </param>
    /// <param name="ct">Ends the attempt.</param>
    /// <param name="arms">Number of the release of its secrets that is armed; null for none.</param>
    /// <param name="managedBy">The file of the inventory that declares it; null for none.</param>
    /// <returns>The record as it is now.</returns>
    public async Task<MachineRow> RegisterAsync(MachineRow? row, string name, MachineSpec spec,
        IReadOnlyList<MachineRow> discovered, DateTimeOffset at, bool isNamedLater, CancellationToken ct,
        long? arms = null, string? managedBy = null)
    {
        var becomes = row is null && discovered.Count > 0; // the oldest discovered record becomes the machine's
        row ??= becomes ? discovered[0] : new() { Name = name, Spec = "", Search = "", CreatedAt = at };
        if (row.Id != 0) db.Changes.AddMachine(row);
        foreach (var found in discovered.Skip(becomes ? 1 : 0)) await AbsorbAsync(row, found, ct);
        row.Name = name;
        row.State = MachineState.Registered;
        row.Revision = becomes ? 1 : row.Revision + 1;
        row.UpdatedAt = at;
        row.SecretsArmed = arms ?? row.SecretsArmed;
        row.ManagedBy = managedBy;
        row.WriteSpec(spec);
        db.Changes.AddMachine(row);
        if (isNamedLater) row.Name = $"~{row.Id}";
        if (row.Id == 0)
        {
            row.Id = await InsertAsync(row, ct);
        }
        else
        {
            await (_update ??= Keep(PreparedRows<MachineRow>.Update(db))).RunAsync(row, ct);
            await (_dropMacs ??= Keep(PreparedRows<MachineMacRow>.Delete(db, nameof(MachineMacRow.MachineId))))
                .RunAsync(new() { Mac = "", MachineId = row.Id }, ct);
            await (_dropLabels ??= Keep(PreparedRows<MachineLabelRow>.Delete(db, nameof(MachineLabelRow.MachineId))))
                .RunAsync(new() { Key = "", Value = "", MachineId = row.Id }, ct);
        }
        foreach (var mac in spec.Macs) await TakeMacAsync(row, mac, ct);
        foreach (var (key, value) in spec.Labels)
            await (_label ??= Keep(PreparedRows<MachineLabelRow>.Insert(db)))
                .RunAsync(new() { MachineId = row.Id, Key = key, Value = value }, ct);
        return row;
    }

    /// <summary>Another file declares the machine from now on, and it stays what it is.</summary>
    public async Task WriteManagedAsync(MachineRow row, string? managedBy, CancellationToken ct)
    {
        row.ManagedBy = managedBy;
        await (_manage ??= Keep(PreparedRows<MachineRow>.Update(db, nameof(MachineRow.ManagedBy)))).RunAsync(row, ct);
        db.Changes.AddMachine(row);
    }

    /// <summary>Removes a machine; its boots stay.</summary>
    public async Task RemoveAsync(MachineRow row, CancellationToken ct)
    {
        db.Changes.AddMachine(row);
        await DeleteAsync(row, ct);
    }

    /// <summary>Writes the record of a discovered machine.</summary>
    public async Task DiscoverAsync(MachineRow row, CancellationToken ct)
    {
        row.Id = await InsertAsync(row, ct);
        foreach (var mac in row.ReadSpec().Macs) await TakeMacAsync(row, mac, ct);
        db.Changes.AddMachine(row);
    }

    /// <summary>
    /// A discovered record is of this machine: what was seen of it joins, and it is removed. The caller writes
    /// <paramref name="row"/>.
    /// </summary>
    public async Task AbsorbAsync(MachineRow row, MachineRow found, CancellationToken ct)
    {
        db.Changes.AddMachine(found);
        row.Absorb(found);
        await joined(db, found.Id, row.Id, ct);
        await DeleteAsync(found, ct);
    }

    /// <summary>The machine has a MAC more, which belongs to no other.</summary>
    public async Task AddMacAsync(MachineRow row, string mac, CancellationToken ct)
    {
        var spec = row.ReadSpec();
        row.WriteSpec(spec with { Macs = [.. spec.Macs, mac] });
        await TakeMacAsync(row, mac, ct);
        await WriteLearnedAsync(row, ct);
    }

    /// <summary>Writes what a boot has taught of a machine: its reference, its MACs.</summary>
    public async Task WriteLearnedAsync(MachineRow row, CancellationToken ct)
    {
        await (_learn ??= Keep(PreparedRows<MachineRow>.Update(db, LearnedColumns))).RunAsync(row, ct);
        db.Changes.AddMachine(row);
    }

    /// <summary>Writes what was observed of a machine.</summary>
    /// <param name="row">The machine.</param>
    /// <param name="decides">Whether that includes what decides its next boot.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task WriteObservedAsync(MachineRow row, bool decides, CancellationToken ct)
    {
        await (_observe ??= Keep(PreparedRows<MachineRow>.Update(db, ObservedColumns))).RunAsync(row, ct);
        if (decides) db.Changes.AddMachine(row);
        else db.Changes.Add(ChangeKinds.Machine, row.Name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var statement in _prepared) await statement.DisposeAsync();
    }

    private Task DeleteAsync(MachineRow row, CancellationToken ct) =>
        (_delete ??= Keep(PreparedRows<MachineRow>.Delete(db, nameof(MachineRow.Id)))).RunAsync(row, ct);

    private Task<long> InsertAsync(MachineRow row, CancellationToken ct) =>
        (_insert ??= Keep(PreparedRows<MachineRow>.Insert(db))).RunAsync(row, ct);

    /// <summary>
    /// Machines of one import may exchange their MACs: one that another still has goes over to this one.
    /// </summary>
    private Task TakeMacAsync(MachineRow row, string mac, CancellationToken ct) =>
        (_takeMac ??= Keep(PreparedRows<MachineMacRow>.Upsert(db)))
            .RunAsync(new() { Mac = mac, MachineId = row.Id }, ct);

    private PreparedRows<TRow> Keep<TRow>(PreparedRows<TRow> statement) where TRow : class
    {
        _prepared.Add(statement);
        return statement;
    }
}
