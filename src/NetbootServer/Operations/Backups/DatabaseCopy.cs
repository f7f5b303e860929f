using Microsoft.Data.Sqlite;
using NetbootServer.Hosting;

namespace NetbootServer.Operations.Backups;

/// <summary>Reads and copies the SQLite file of a data directory, also beside a running server.</summary>
internal static class DatabaseCopy
{
    /// <summary>SQLite's online backup: a consistent copy in one file, while readers and writers go on.</summary>
    public static void Make(string from, string to)
    {
        using var source = new SqliteConnection($"Data Source={from};Mode=ReadWrite;Pooling=False");
        using var target = new SqliteConnection($"Data Source={to};Pooling=False");
        source.Open();
        target.Open();
        source.BackupDatabase(target);
        using var command = target.CreateCommand();
        // Without WAL it is one file, with nothing beside it.
        command.CommandText = "PRAGMA journal_mode=DELETE; PRAGMA integrity_check;";
        using var reader = command.ExecuteReader();
        while (reader.NextResult() && reader.Read())
            if (reader.GetString(0) is var verdict && verdict != "ok")
                throw new StartFailure("backup", from,
                    $"the database is damaged ({verdict}): restore an earlier backup");
    }

    /// <summary>The digests of blobs that have a file, and whether they are in service.</summary>
    public static IReadOnlyList<(string Sha256, bool InService)> Blobs(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """SELECT "Sha256", "OutOfServiceSince" IS NULL FROM blobs WHERE "Segments" IS NULL ORDER BY 1""";
        using var reader = command.ExecuteReader();
        var blobs = new List<(string, bool)>();
        while (reader.Read()) blobs.Add((reader.GetString(0), reader.GetBoolean(1)));
        return blobs;
    }
}
