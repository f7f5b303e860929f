using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Hosting;

namespace NetbootServer.Storage;

/// <summary>Brings the database to this program's schema before anything reads it.</summary>
internal static partial class Schema
{
    /// <summary>
    /// Applies pending migrations, after a backup copy of a database that has data. A database that knows a migration
    /// this program does not is left untouched.
    /// </summary>
    /// <exception cref="StartFailure">The database is newer than the program, or is no database.</exception>
    public static async Task PrepareAsync(NetbootDb db, DataDirectory data, ILogger logger, CancellationToken ct)
    {
        try
        {
            var applied = (await db.Database.GetAppliedMigrationsAsync(ct)).ToList();
            var known = db.Database.GetMigrations().ToHashSet(StringComparer.Ordinal);
            if (applied.FirstOrDefault(migration => !known.Contains(migration)) is { } newer)
                throw new StartFailure("DataDirectory", data.Path,
                    $"its database was written by a newer NetbootServer (it has '{newer}'): " +
                    "start that version, or restore the backup copy made before the upgrade. Nothing was changed");
            if (applied.Count == known.Count) return;
            if (applied.Count > 0) Backup(data, applied[^1], logger);
            await db.Database.MigrateAsync(ct);
        }
        catch (SqliteException e)
        {
            throw new StartFailure("DataDirectory", data.Path,
                $"its database netboot.db cannot be opened ({e.Message.TrimEnd('.', '\'')}): " +
                "restore a backup copy, or move the file away to start empty");
        }
    }

    /// <summary>For commands that work on a database as it is.</summary>
    /// <exception cref="StartFailure">It has another schema than this program's.</exception>
    public static async Task RefuseOthersAsync(IServiceProvider services, DataDirectory data)
    {
        var contexts = services.GetRequiredService<IDbContextFactory<NetbootDb>>();
        await using var db = await contexts.CreateDbContextAsync();
        var applied = await db.Database.GetAppliedMigrationsAsync();
        if (!applied.SequenceEqual(db.Database.GetMigrations()))
            throw new StartFailure("DataDirectory", data.Path,
                "its database belongs to another version of this program: " +
                "start this version's server once, then repeat");
    }

    /// <summary>SQLite's own online backup: a consistent copy, whatever the WAL holds.</summary>
    private static void Backup(DataDirectory data, string migration, ILogger logger)
    {
        var copy = data.Below($"netboot.db.before-upgrade-from-{migration}");
        if (File.Exists(copy)) return;
        var half = copy + ".tmp";
        File.Delete(half);
        PrivateFiles.MakeFile(half);
        using (var source = new SqliteConnection($"Data Source={data.DatabaseFile};Pooling=False"))
        using (var target = new SqliteConnection($"Data Source={half};Pooling=False"))
        {
            source.Open();
            target.Open();
            source.BackupDatabase(target);
        }
        File.Move(half, copy);
        Log.BackedUp(logger, copy);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Copied the database to {File} before upgrading it")]
        public static partial void BackedUp(ILogger logger, string file);
    }
}
