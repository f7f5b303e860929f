using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Access.Sessions;

/// <summary>
/// Sessions of the dashboard: an opaque secret in a cookie, its hash in the database, so that any replica knows it and
/// ending it ends it everywhere. A secret is only ever made here, never taken over from a request.
/// </summary>
internal sealed class SessionStore(Database database, GrantCache grants, CredentialUses uses,
    AdminTokenSetting adminToken,
    Audit audit, IOptions<AccessOptions> options, TimeProvider time)
{
    /// <summary>Begins a session; one that the same browser had before ends.</summary>
    public async Task<NewSession> BeginAsync(LogIn logIn, string? address, string? before, CancellationToken ct)
    {
        var (secret, now) = (Secret.Make(), time.GetUtcNow());
        var ends = Earlier(now + options.Value.SessionMaxLife, logIn.ExpiresAt);
        var row = new SessionRow
        {
            Id = Guid.CreateVersion7(now).ToString("n"), SecretHash = Secret.HashOf(secret), Name = logIn.Caller.Name,
            Role = logIn.Caller.Role, Origin = logIn.Origin, Address = address, CreatedAt = now, LastUsedAt = now,
            ExpiresAt = Earlier(now + options.Value.SessionLife, ends), EndsAt = ends,
        };
        var hashBefore = before is null ? null : Secret.HashOf(before);
        await database.ChangeAsync(async (db, token) =>
        {
            db.Add(row);
            audit.Add(db, new("create", "session", row.Name) { By = logIn.Caller });
            db.RemoveRange(await db.Set<SessionRow>().Where(old => old.SecretHash == hashBefore).ToListAsync(token));
            return row;
        }, ct);
        return new(row.Id, secret, logIn.Caller, row.ExpiresAt);
    }

    /// <summary>
    /// What a cookie's secret allows; null when there is no such session or it is over. Use prolongs it.
    /// </summary>
    public async Task<Grant?> FindAsync(string secret, CancellationToken ct)
    {
        var grant = await grants.FindAsync(Secret.HashOf(secret), ReadAsync, ct);
        if (grant is null || !adminToken.Admits(grant.Origin!)) return null;
        uses.Used(grant.Id);
        return grant;
    }

    /// <summary>All sessions that go on, the newest first.</summary>
    public async Task<Page<SessionEntry>> ListAsync(Paging paging, CancellationToken ct)
    {
        var (now, after) = (time.GetUtcNow(), paging.After?.Name);
        var rows = await database.ReadAsync((db, token) => db.Set<SessionRow>()
            .Where(row => row.ExpiresAt > now && (after == null || string.Compare(row.Id, after) < 0))
            .OrderByDescending(row => row.Id).Take(paging.Limit + 1).ToListAsync(token), ct);
        var page = paging.Cut(rows, row => ("", row.Id));
        return new([.. page.Items.Select(row => row.ToEntry())], page.Next);
    }

    /// <summary>Ends the session of a cookie everywhere.</summary>
    public Task EndAsync(string secret, CancellationToken ct)
    {
        var hash = Secret.HashOf(secret);
        return EndAsync(db => db.Set<SessionRow>().Where(row => row.SecretHash == hash), ct);
    }

    /// <summary>Ends a session by its id; false when there is none.</summary>
    public Task<bool> EndByIdAsync(string id, CancellationToken ct) =>
        EndAsync(db => db.Set<SessionRow>().Where(row => row.Id == id), ct);

    /// <summary>Ends all sessions made with this, inside the caller's transaction.</summary>
    public static Task<int> EndAllOfAsync(NetbootDb db, string origin, CancellationToken ct)
    {
        db.Changes.AddAll(ChangeKinds.Credential);
        return db.Set<SessionRow>().Where(row => row.Origin == origin).ExecuteDeleteAsync(ct);
    }

    private async Task<bool> EndAsync(Func<NetbootDb, IQueryable<SessionRow>> which, CancellationToken ct)
    {
        var ended = await database.ChangeAsync(async (db, token) =>
        {
            var rows = await which(db).ToListAsync(token);
            foreach (var row in rows) audit.Deleted(db, "session", row.Name, row.ToEntry());
            db.RemoveRange(rows);
            return rows.Count;
        }, ct);
        return ended > 0;
    }

    private Task<Grant?> ReadAsync(string hash, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        await db.Set<SessionRow>().SingleOrDefaultAsync(row => row.SecretHash == hash, token) is { } row
            ? new Grant(row.Id, new(row.Name, row.Role), row.ExpiresAt) { Origin = row.Origin } : null, ct);

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset? right) =>
        right < left ? right.Value : left;
}
