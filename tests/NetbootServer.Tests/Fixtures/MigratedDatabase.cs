using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Tests.Fixtures;

/// <summary>
/// An empty database of today's schema, made once by the migrations and copied to each server of these tests, which
/// then has none to apply. That the migrations make it is what <c>UpgradeTests</c> and <c>StartTests</c> show.
/// </summary>
internal static class MigratedDatabase
{
    private static readonly Lazy<byte[]> File = new(Make);

    /// <summary>Puts it into a data directory that no server has used.</summary>
    public static void CopyTo(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, "netboot.db");
        PrivateFiles.MakeFile(file);
        System.IO.File.WriteAllBytes(file, File.Value);
    }

    private static byte[] Make()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-migrated-");
        var file = Path.Combine(folder.FullName, "netboot.db");
        var options = new DbContextOptionsBuilder<NetbootDb>().UseSqlite(
            new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString);
        using (var database = new NetbootDb(options.Options)) database.Database.Migrate();
        var bytes = System.IO.File.ReadAllBytes(file);
        folder.Delete(recursive: true);
        return bytes;
    }
}
