using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NetbootServer.Storage;

/// <summary>A value that this installation made for itself, such as its signing key.</summary>
internal sealed class ServerValueRow
{
    public required string Name { get; set; }
    public required string Value { get; set; }
}

internal sealed class ServerValueRows : IEntityTypeConfiguration<ServerValueRow>
{
    public void Configure(EntityTypeBuilder<ServerValueRow> builder) =>
        builder.ToTable("server_values").HasKey(row => row.Name);
}

/// <summary>Values that are made once for all replicas and live in the database.</summary>
public static class ServerValues
{
    /// <summary>The value of that name, or null.</summary>
    public static Task<string?> FindAsync(this Database database, string name, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.ReadAsync((db, token) => db.Set<ServerValueRow>().Where(row => row.Name == name)
            .Select(row => row.Value).SingleOrDefaultAsync(token), ct);
    }

    /// <summary>Sets a value.</summary>
    public static Task SetAsync(this Database database, string name, string value, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.WriteAsync(async (db, token) =>
        {
            await SetAsync(db, name, value, token);
            return true;
        }, ct);
    }

    /// <summary>Sets a value inside the caller's transaction.</summary>
    public static async Task SetAsync(NetbootDb db, string name, string value, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        var row = await db.Set<ServerValueRow>().FindAsync([name], ct);
        if (row is null) db.Add(new ServerValueRow { Name = name, Value = value });
        else row.Value = value;
    }

    /// <summary>A random key of that name, made at its first use.</summary>
    public static async Task<byte[]> KeyAsync(this Database database, string name, int bytes, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        var value = await database.WriteAsync(async (db, token) =>
        {
            if (await db.Set<ServerValueRow>().FindAsync([name], token) is { } row) return row.Value;
            var made = Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes));
            db.Add(new ServerValueRow { Name = name, Value = made });
            return made;
        }, ct);
        return Convert.FromBase64String(value);
    }
}
