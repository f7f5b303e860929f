using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Access.Sessions;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Access.Tokens;

/// <summary>Bearer tokens in the database.</summary>
internal sealed class TokenStore(Database database, GrantCache grants, CredentialUses uses, Audit audit,
    TimeProvider time)
{
    /// <summary>Makes a token; its secret is in the answer and nowhere else.</summary>
    public async Task<NewToken> MakeAsync(TokenRequest request, string by, CancellationToken ct)
    {
        var secret = Secret.Make(Secret.TokenPrefix);
        var row = new TokenRow
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()).ToString("n"), Name = request.Name, Role = request.Role,
            SecretHash = Secret.HashOf(secret), CreatedBy = by, CreatedAt = time.GetUtcNow(),
            ExpiresAt = request.ExpiresAt,
        };
        await database.WriteAsync((db, _) =>
        {
            db.Add(row);
            audit.Created(db, "token", row.Name, row.ToToken());
            return Task.FromResult(true);
        }, ct);
        return new(row.Id, row.Name, row.Role, row.CreatedAt, row.ExpiresAt, secret);
    }

    /// <summary>What the secret allows; null when it is unknown or has expired.</summary>
    public async Task<Grant?> FindAsync(string secret, CancellationToken ct)
    {
        var grant = await grants.FindAsync(Secret.HashOf(secret), ReadAsync, ct);
        if (grant is not null) uses.Used(grant.Id);
        return grant;
    }

    /// <summary>A page of tokens, oldest first.</summary>
    public async Task<Page<Token>> ListAsync(Paging paging, CancellationToken ct)
    {
        var after = paging.After?.Name;
        var rows = await database.ReadAsync((db, token) => db.Set<TokenRow>()
            .Where(row => after == null || string.Compare(row.Id, after) > 0)
            .OrderBy(row => row.Id).Take(paging.Limit + 1).ToListAsync(token), ct);
        var page = paging.Cut(rows, row => ("", row.Id));
        return new([.. page.Items.Select(row => row.ToToken())], page.Next);
    }

    /// <summary>One token, by id.</summary>
    public Task<Token?> GetAsync(string id, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        (await db.Set<TokenRow>().SingleOrDefaultAsync(row => row.Id == id, token))?.ToToken(), ct);

    /// <summary>Ends a token, and the sessions that were made with it; null, or why not.</summary>
    public async Task<Problem?> DeleteAsync(string id, CancellationToken ct)
    {
        return await database.ChangeAsync<Problem?>(async (db, token) =>
        {
            if (await db.Set<TokenRow>().FindAsync([id], token) is not { } row) return Problem.NotFound("token", id);
            db.Remove(row);
            await SessionStore.EndAllOfAsync(db, SessionOrigin.Token(id), token);
            audit.Deleted(db, "token", row.Name, row.ToToken());
            return null;
        }, ct);
    }

    private Task<Grant?> ReadAsync(string hash, CancellationToken ct) => database.ReadAsync(async (db, token) =>
        await db.Set<TokenRow>().SingleOrDefaultAsync(row => row.SecretHash == hash, token) is { } row
            ? new Grant(row.Id, new(row.Name, row.Role), row.ExpiresAt) : null, ct);
}
