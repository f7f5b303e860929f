using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Access;

/// <summary>Who makes a request.</summary>
/// <param name="Name">For people and the log.</param>
/// <param name="Role">viewer, operator or admin.</param>
public sealed record Caller(string Name, string Role);

/// <summary>A session as its owner sees it.</summary>
/// <param name="Caller">Whose it is.</param>
/// <param name="ExpiresAt">When it ends unless used before.</param>
/// <param name="CsrfToken">What changes by cookie must carry in X-CSRF-Token.</param>
public sealed record Session(Caller Caller, DateTimeOffset ExpiresAt, string CsrfToken);

/// <summary>A session as stored: its secret only as a hash.</summary>
internal sealed class SessionRow
{
    public required string SecretHash { get; set; }
    public required string Name { get; set; }
    public required string Role { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class SessionRows : IEntityTypeConfiguration<SessionRow>
{
    public void Configure(EntityTypeBuilder<SessionRow> builder)
    {
        builder.ToTable("sessions").HasKey(row => row.SecretHash);
        builder.HasIndex(row => row.ExpiresAt);
    }
}

/// <summary>
/// Sessions of the dashboard: an opaque secret in a cookie, its hash in the database, so that any replica knows it and
/// ending it ends it everywhere. The CSRF token is derived from the secret.
/// </summary>
public sealed class Sessions(Database database, IOptions<AccessOptions> options, TimeProvider time)
{
    /// <summary>Begins a session.</summary>
    /// <returns>The cookie's secret and the session.</returns>
    public async Task<(string Secret, Session Session)> BeginAsync(Caller caller, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        var row = new SessionRow
        {
            SecretHash = HashOf(secret), Name = caller.Name, Role = caller.Role, CreatedAt = now,
            ExpiresAt = now + options.Value.SessionLife,
        };
        await database.WriteAsync(async (db, token) =>
        {
            await db.Set<SessionRow>().Where(old => old.ExpiresAt < now).ExecuteDeleteAsync(token);
            db.Add(row);
            return true;
        }, ct);
        return (secret, new(caller, row.ExpiresAt, CsrfOf(secret)));
    }

    /// <summary>The session of a cookie's secret; null when there is none or it is over. Use prolongs it.</summary>
    public async Task<Session?> FindAsync(string secret, CancellationToken ct)
    {
        var (hash, now) = (HashOf(secret), time.GetUtcNow());
        var row = await database.ReadAsync((db, token) =>
            db.Set<SessionRow>().SingleOrDefaultAsync(row => row.SecretHash == hash && row.ExpiresAt > now, token), ct);
        if (row is null) return null;
        var expires = row.ExpiresAt;
        if (expires - now < options.Value.SessionLife * 0.75) // written rarely, not at every request
        {
            expires = now + options.Value.SessionLife;
            await database.WriteAsync((db, token) => db.Set<SessionRow>().Where(old => old.SecretHash == hash)
                .ExecuteUpdateAsync(set => set.SetProperty(old => old.ExpiresAt, expires), token), ct);
        }
        return new(new(row.Name, row.Role), expires, CsrfOf(secret));
    }

    /// <summary>Ends a session everywhere.</summary>
    public Task EndAsync(string secret, CancellationToken ct)
    {
        var hash = HashOf(secret);
        return database.WriteAsync((db, token) =>
            db.Set<SessionRow>().Where(row => row.SecretHash == hash).ExecuteDeleteAsync(token), ct);
    }

    private static string HashOf(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static string CsrfOf(string secret) => Base64Url.EncodeToString(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "netboot-csrf"u8).AsSpan(0, 24));
}
