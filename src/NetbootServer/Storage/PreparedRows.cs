using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace NetbootServer.Storage;

/// <summary>
/// One prepared statement for many rows of a table, inside the running transaction. Columns and conversions come from
/// the model, so that it writes what EF Core would write, some ten times faster.
/// </summary>
/// <typeparam name="TRow">An entity of the model.</typeparam>
internal sealed class PreparedRows<TRow> : IAsyncDisposable where TRow : class
{
    private readonly ChangeCollector? _collector;
    private readonly string? _kind;
    private readonly DbCommand _command;
    private readonly List<(IProperty Property, ValueConverter? Converter, DbParameter Parameter)> _parameters = [];

    private PreparedRows(NetbootDb db, Func<Table, string> statement)
    {
        var table = new Table(db);
        (_collector, _kind) = (db.Collector, db.Collector?.KindOf(db, table.Type.GetTableName()!));
        _command = db.Database.GetDbConnection().CreateCommand();
        _command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        _command.CommandText = statement(table);
        foreach (var property in table.Type.GetProperties())
        {
            if (!_command.CommandText.Contains(table.Parameter(property), StringComparison.Ordinal)) continue;
            var mapping = property.GetRelationalTypeMapping();
            var parameter = mapping.CreateParameter(_command, table.Parameter(property), null, property.IsNullable);
            _command.Parameters.Add(parameter);
            _parameters.Add((property, mapping.Converter, parameter));
        }
        _command.Prepare();
    }

    /// <summary>Inserts rows; <see cref="RunAsync"/> returns the generated key, if there is one.</summary>
    public static PreparedRows<TRow> Insert(NetbootDb db) => new(db, table => table.Insert());

    /// <summary>Inserts rows, or overwrites those that have the key.</summary>
    public static PreparedRows<TRow> Upsert(NetbootDb db) => new(db, table =>
        $"{table.Insert()} ON CONFLICT ({table.Columns(table.Key)}) DO UPDATE SET {table.Assignments(table.Others)}");

    /// <summary>Updates columns of the rows with the key: those of the properties, without any all of them.</summary>
    public static PreparedRows<TRow> Update(NetbootDb db, params IReadOnlyList<string> properties) => new(db, table =>
        $"UPDATE {table.Name} SET " +
        $"{table.Assignments(properties is [] ? table.Others : table.Properties(properties))} " +
        $"WHERE {table.Assignments(table.Key)}");

    /// <summary>Deletes the rows that have the same value in a column.</summary>
    public static PreparedRows<TRow> Delete(NetbootDb db, string property) => new(db, table =>
        $"DELETE FROM {table.Name} WHERE {table.Assignments(table.Properties([property]))}");

    /// <summary>Runs the statement for one row.</summary>
    /// <returns>The generated key of an insert; 0 for other statements.</returns>
    public async Task<long> RunAsync(TRow row, CancellationToken ct)
    {
        foreach (var (property, converter, parameter) in _parameters)
        {
            var value = property.GetGetter().GetClrValue(row);
            parameter.Value = (value is null || converter is null ? value
                : converter.ConvertToProvider(value)) ?? DBNull.Value;
        }
        var result = await _command.ExecuteScalarAsync(ct);
        if (_kind is not null) _collector!.Changes.Written(_kind);
        return result is null or DBNull ? 0 : Convert.ToInt64(result, CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _command.DisposeAsync();

    private sealed class Table
    {
        private readonly ISqlGenerationHelper _sql;
        private readonly StoreObjectIdentifier _store;

        public Table(NetbootDb db)
        {
            Type = db.Model.FindEntityType(typeof(TRow))!;
            _sql = db.GetService<ISqlGenerationHelper>();
            _store = StoreObjectIdentifier.Table(Type.GetTableName()!, Type.GetSchema());
            Key = [.. Type.FindPrimaryKey()!.Properties];
            Others = [.. Type.GetProperties().Except(Key)];
        }

        public IEntityType Type { get; }
        public IReadOnlyList<IProperty> Key { get; }
        public IReadOnlyList<IProperty> Others { get; }
        public string Name => _sql.DelimitIdentifier(_store.Name, _store.Schema);

        public IEnumerable<IProperty> Properties(IEnumerable<string> names) =>
            names.Select(name => Type.FindProperty(name)!);

        public string Columns(IEnumerable<IProperty> properties) => string.Join(", ", properties.Select(Column));

        public string Assignments(IEnumerable<IProperty> properties) =>
            string.Join(", ", properties.Select(property => $"{Column(property)} = {Parameter(property)}"));

        public string Insert()
        {
            var generated = Key is [{ ValueGenerated: ValueGenerated.OnAdd } only] && only.ClrType == typeof(long)
                ? only : null;
            var given = Type.GetProperties().Where(property => property != generated).ToList();
            var text = $"INSERT INTO {Name} ({Columns(given)}) VALUES ({string.Join(", ", given.Select(Parameter))})";
            return generated is null ? text : $"{text} RETURNING {Column(generated)}";
        }

        /// <summary>Ends in an underscore, so that no parameter's name begins another's.</summary>
        public string Parameter(IProperty property) => $"@{property.Name}_";

        private string Column(IProperty property) => _sql.DelimitIdentifier(property.GetColumnName(_store)!);
    }
}
