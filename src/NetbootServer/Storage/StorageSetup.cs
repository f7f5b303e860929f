using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Diagnostics;
using NetbootServer.Api;

namespace NetbootServer.Storage;

/// <summary>Registers the database on one machine: SQLite in the data directory.</summary>
public static partial class StorageSetup
{
    /// <summary>Adds <see cref="Database"/> over the SQLite file of <paramref name="data"/>.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, DataDirectory data)
    {
        ArgumentNullException.ThrowIfNull(data);
        // Threads that the database holds up are replaced at once, not one every half second.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + Database.HeldUpAtMost), ports);
        return services
            .AddSingleton(_ => data)
            .AddSingleton<ChangeRules>()
            .AddSingleton<ChangeFollowers>()
            .AddSingleton(provider => new Database(provider.GetRequiredService<IDbContextFactory<NetbootDb>>(),
                provider.GetRequiredService<ChangeRules>(), provider.GetRequiredService<ChangeFollowers>()))
            .AddHostedService<ChangeWorker>()
            .AddSingleton<ExceptionProblem>(_ => Database.ProblemOf)
            .AddPooledDbContextFactory<NetbootDb>(options => Configure(options, data.DatabaseFile));
    }

    /// <summary>Makes the schema current; called once, before the server listens.</summary>
    public static async Task PrepareStorageAsync(this WebApplication app, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(app);
        var contexts = app.Services.GetRequiredService<IDbContextFactory<NetbootDb>>();
        var data = app.Services.GetRequiredService<DataDirectory>();
        if (data.Closed.Count > 0) Log.Closed(app.Logger, string.Join("; ", data.Closed));
        await using var db = await contexts.CreateDbContextAsync(ct);
        await Schema.PrepareAsync(db, data, app.Logger, ct);
    }

    private static void Configure(DbContextOptionsBuilder options, string file)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 30 };
        options.UseSqlite(connection.ConnectionString).AddInterceptors(new Pragmas(), new BulkStatements());
    }

    /// <summary>
    /// WAL lets readers go on beside the writer; FULL makes an acknowledged write survive a power cut.
    /// </summary>
    private sealed class Pragmas : DbConnectionInterceptor
    {
        private const string Text =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=30000;";

        /// <summary>Connections of SQLite itself that have them: the pool opens each again and again.</summary>
        private readonly ConditionalWeakTable<object, object> _set = [];

        public override void ConnectionOpened(
            System.Data.Common.DbConnection connection, ConnectionEndEventData eventData)
        {
            // EF Core looks with a read-only connection whether the file is there; WAL could not be switched on by it.
            if (connection.ConnectionString.Contains("Mode=ReadOnly", StringComparison.OrdinalIgnoreCase)) return;
            if (connection is not SqliteConnection { Handle: { } handle } || _set.TryGetValue(handle, out _)) return;
            using var command = connection.CreateCommand();
            command.CommandText = Text;
            command.ExecuteNonQuery();
            _set.TryAdd(handle, this);
        }

        public override Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection, ConnectionEndEventData eventData, CancellationToken ct)
        {
            ConnectionOpened(connection, eventData); // SQLite has no asynchronous I/O
            return Task.CompletedTask;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Other users of this computer could read the data directory: {News}. " +
            "To open it to a group on purpose, use chmod 750; for a web server that reads blobs, chmod 711")]
        public static partial void Closed(ILogger logger, string news);
    }

    /// <summary>For <c>dotnet ef migrations add</c>.</summary>
    internal sealed class DesignTime : IDesignTimeDbContextFactory<NetbootDb>
    {
        public NetbootDb CreateDbContext(string[] args)
        {
            var options = new DbContextOptionsBuilder<NetbootDb>();
            Configure(options, "design.db");
            return new NetbootDb(options.Options);
        }
    }
}
