using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Auditing;
using NetbootServer.Access.Sessions;
using NetbootServer.Access.Tokens;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access;

/// <summary>
/// Once a minute writes down which tokens and sessions were used, and forgets sessions that are over and audit entries
/// older than <see cref="AccessOptions.AuditDays"/>.
/// </summary>
internal sealed class AccessWorker(Database database, CredentialUses uses, IOptions<AccessOptions> options,
    WorkerServices services, TimeProvider time, ILogger<AccessWorker> logger)
    : ResilientWorker("upkeep of tokens and sessions", services, logger)
{
    private const int Batch = 1000;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RoundAsync(() => CleanUpAsync(stoppingToken), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was used in the last minute.
            await RoundAsync(() => CleanUpAsync(CancellationToken.None), CancellationToken.None);
        }
    }

    /// <summary>Does the round once.</summary>
    internal async Task CleanUpAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var uses in uses.Take().Chunk(Batch)) await WriteUsesAsync(uses, ct);
        var oldest = now - TimeSpan.FromDays(options.Value.AuditDays);
        await database.WriteAsync(async (db, token) =>
        {
            db.Changes.AddNothing(ChangeKinds.Credential); // they are over already
            await db.Set<SessionRow>().Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(token);
            var old = db.Set<AuditRow>().Where(row => row.At < oldest).OrderBy(row => row.Id).Take(Batch)
                .Select(row => row.Id);
            return await db.Set<AuditRow>().Where(row => old.Contains(row.Id)).ExecuteDeleteAsync(token);
        }, ct);
    }

    private async Task WriteUsesAsync(KeyValuePair<string, DateTimeOffset>[] used, CancellationToken ct)
    {
        var at = used.ToDictionary(StringComparer.Ordinal);
        var ids = at.Keys.ToList();
        await database.WriteAsync(async (db, token) =>
        {
            foreach (var row in await db.Set<TokenRow>().Where(row => ids.Contains(row.Id)).ToListAsync(token))
                row.LastUsedAt = at[row.Id];
            foreach (var row in await db.Set<SessionRow>().Where(row => ids.Contains(row.Id)).ToListAsync(token))
            {
                row.LastUsedAt = at[row.Id];
                var prolonged = row.LastUsedAt + options.Value.SessionLife;
                row.ExpiresAt = prolonged < row.EndsAt ? prolonged : row.EndsAt;
            }
            return true;
        }, ct);
    }
}
