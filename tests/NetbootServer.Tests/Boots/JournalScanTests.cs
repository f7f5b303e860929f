using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>
/// The journal holds the one write lock: with millions of boots and 100,000 machines none of its statements may look
/// through a whole table.
/// </summary>
[Trait("category", "slow")]
public sealed class JournalScanTests : IAsyncDisposable
{
    private readonly Statements _statements = new();
    private readonly NetbootApp _app;

    public JournalScanTests() => _app = new NetbootApp(
        new() { ["Machines:MaxDiscovered"] = "3", ["Boots:KeepPerMachine"] = "2" },
        services => services.ConfigureDbContext<NetbootDb>(options => options.AddInterceptors(_statements)));

    [Fact]
    public async Task No_statement_of_a_batch_looks_through_a_whole_table()
    {
        var ct = TestContext.Current.CancellationToken;
        var version = await _app.Admin.MakeImageAsync("scan", seed: 95);
        var (log, tokens) = (_app.Services.GetRequiredService<BootLog>(),
            _app.Services.GetRequiredService<BootTokens>());
        _statements.Clear();
        for (var i = 0; i < 9; i++)
        {
            var identity = MachineIdentity.FromQuery(
                $"mac=52540009050{i}&uuid=4c4c4544-0042-3510-8052-b4c04f5605{i:x2}");
            List<BootEntry> entries = [new MachineSeen(DateTimeOffset.UtcNow, identity, Recognition.Unknown,
                "10.0.0.1")];
            for (var boot = 0; boot < 60; boot++)
            {
                var ticket = tokens.Mint(0, version, boot % 2 == 0).Ticket;
                entries.Add(new BootOpened(ticket.StartedAt, ticket, identity, "", "scan", version, "p", "ready",
                    "local"));
                foreach (var step in new[] { Steps.Kernel, Steps.Initrd })
                    entries.Add(new BootStep(ticket.StartedAt, ticket, step, FactKinds.Ended, 4096, 4096));
                entries.Add(new BootStep(ticket.StartedAt, ticket, Steps.Ready, FactKinds.Began));
                entries.Add(new BootStep(ticket.StartedAt, ticket, Steps.Up, FactKinds.Began));
            }
            await log.WriteAsync(entries, ct);
            await log.WriteAsync([.. entries.OfType<BootStep>().TakeLast(4)], ct);
        }
        var nameless = MachineIdentity.FromQuery("uuid=4c4c4544-0042-3510-8052-b4c04f560577");
        var last = tokens.Mint(0, version, false).Ticket;
        await log.WriteAsync([new BootOpened(last.StartedAt, last, nameless, "", "scan", version, "p", "ready",
            "repeat")], ct);

        Assert.Contains(_statements.Seen.Keys, sql =>
            sql.StartsWith("DELETE FROM \"boots\"", StringComparison.Ordinal));
        Assert.Contains(_statements.Seen.Keys, sql =>
            sql.StartsWith("DELETE FROM \"machines\"", StringComparison.Ordinal));
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(_app.Data, "netboot.db")};Mode=ReadOnly");
        await connection.OpenAsync(ct);
        // Of images and their versions there are few, whatever machines do; packed paths are summed up by retention,
        // which runs by itself and holds no write lock meanwhile.
        foreach (var (sql, parameters) in _statements.Seen.Where(seen =>
            !seen.Key.Contains("image_versions", StringComparison.Ordinal)
            && !seen.Key.Contains("FROM \"images\"", StringComparison.Ordinal)
            && !seen.Key.Contains("FROM \"packed_paths\"", StringComparison.Ordinal)))
            Assert.True(ScansOf(connection, sql, parameters) is [],
                $"{sql}\n{string.Join('\n', ScansOf(connection, sql, parameters))}");
    }

    /// <summary>The tables that a statement looks through, but for a list that is its parameter.</summary>
    private static List<string> ScansOf(SqliteConnection connection, string sql, List<(string, object?)> parameters)
    {
        using var explain = connection.CreateCommand();
        explain.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var (name, value) in parameters) explain.Parameters.AddWithValue(name, value ?? DBNull.Value);
        using var rows = explain.ExecuteReader();
        List<string> scans = [];
        while (rows.Read())
            if (rows.GetString(3) is var step && step.StartsWith("SCAN ", StringComparison.Ordinal)
                && !step.Contains("VIRTUAL TABLE", StringComparison.Ordinal)
                && step != "SCAN CONSTANT ROW") scans.Add(step);
        return scans;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The statements that were run, each with the parameters of its first time.</summary>
    private sealed class Statements : DbCommandInterceptor
    {
        public ConcurrentDictionary<string, List<(string, object?)>> Seen { get; } = new();

        public void Clear() => Seen.Clear();

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command,
            CommandEventData eventData, InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default)
        {
            Note(command);
            return new(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command,
            CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Note(command);
            return new(result);
        }

        private void Note(DbCommand command)
        {
            if (command.Transaction is null) return; // reads wait for nothing and hold up nothing
            Seen.TryAdd(command.CommandText,
                [.. command.Parameters.Cast<DbParameter>().Select(each => (each.ParameterName, each.Value))]);
        }
    }
}
