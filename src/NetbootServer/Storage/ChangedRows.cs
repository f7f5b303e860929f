using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace NetbootServer.Storage;

/// <summary>Says what a changed row means for the followers of changes; each feature registers its rows.</summary>
/// <param name="row">The row's type.</param>
/// <param name="kind">The kind that bulk statements on the table change.</param>
public abstract class ChangedRows(Type row, string kind)
{
    internal Type Row => row;

    internal string Kind => kind;

    internal abstract ValueTask DescribeAsync(NetbootDb db, object? before, object? after, CancellationToken ct);
}

/// <inheritdoc cref="ChangedRows"/>
/// <typeparam name="TRow">The row's type.</typeparam>
/// <param name="kind">The kind that bulk statements on the table change.</param>
/// <param name="describe">
/// Adds to <see cref="NetbootDb.Changes"/> what a row that was (null: not there) and is (null: gone) now means.
/// </param>
internal sealed class ChangedRows<TRow>(
    string kind, Func<NetbootDb, TRow?, TRow?, CancellationToken, ValueTask> describe)
    : ChangedRows(typeof(TRow), kind) where TRow : class
{
    internal override ValueTask DescribeAsync(NetbootDb db, object? before, object? after, CancellationToken ct) =>
        describe(db, (TRow?)before, (TRow?)after, ct);
}

/// <summary>All <see cref="ChangedRows"/>, by the row's type and by its table.</summary>
internal sealed class ChangeRules(IEnumerable<ChangedRows> rules)
{
    private readonly ILookup<Type, ChangedRows> _rules = rules.ToLookup(rule => rule.Row);
    private Dictionary<string, string>? _kinds;

    public bool Follows(Type row) => _rules.Contains(row);

    public IEnumerable<ChangedRows> Of(Type row) => _rules[row];

    /// <summary>The kind that a statement on a table changes; null when nothing follows it.</summary>
    public string? KindOf(NetbootDb db, string table) => (_kinds ??= _rules
        .Select(rules => (Table: db.Model.FindEntityType(rules.Key)!.GetTableName()!, rules.First().Kind))
        .ToDictionary(rule => rule.Table, rule => rule.Kind, StringComparer.Ordinal)).GetValueOrDefault(table);
}

/// <summary>Collects the changes of one transaction.</summary>
internal sealed class ChangeCollector(ChangeRules rules)
{
    public Changes Changes { get; } = new();

    /// <summary>The tracked rows that the next save changes, as they were.</summary>
    public List<(EntityEntry Entry, object? Before, EntityState State)> Pending(NetbootDb db)
    {
        List<(EntityEntry, object?, EntityState)> pending = [];
        foreach (var entry in db.ChangeTracker.Entries())
            if (entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted
                && rules.Follows(entry.Metadata.ClrType))
                pending.Add((entry, entry.State == EntityState.Added ? null : entry.OriginalValues.ToObject(),
                    entry.State));
        return pending;
    }

    /// <summary>These rows are saved, and have their keys.</summary>
    public async Task DescribeAsync(NetbootDb db, List<(EntityEntry Entry, object? Before, EntityState State)> saved,
        CancellationToken ct)
    {
        foreach (var (entry, before, state) in saved)
            foreach (var rule in rules.Of(entry.Metadata.ClrType))
                await Changes.DeriveAsync(() => rule.DescribeAsync(
                    db, before, state == EntityState.Deleted ? null : entry.Entity, ct));
    }

    /// <summary>The kind that a statement on a table changes; null when nothing follows it.</summary>
    public string? KindOf(NetbootDb db, string table) => rules.KindOf(db, table);
}

/// <summary>
/// Notes the tables that bulk statements (<c>ExecuteUpdate</c>, <c>ExecuteDelete</c>, raw SQL) write.
/// </summary>
internal sealed class BulkStatements : DbCommandInterceptor
{
    public override int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        if (result != 0 && eventData is
            {
                Context: NetbootDb { Collector: { } collector } db,
                CommandSource: CommandSource.ExecuteUpdate or CommandSource.ExecuteDelete
                    or CommandSource.ExecuteSqlRaw,
            } && command.CommandText.Split('"', 3) is [_, var table, _] && collector.KindOf(db, table) is { } kind)
            collector.Changes.Written(kind);
        return result;
    }

    public override ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData,
        int result, CancellationToken cancellationToken = default) =>
        new(NonQueryExecuted(command, eventData, result));
}
