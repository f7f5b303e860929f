using Microsoft.EntityFrameworkCore;

namespace NetbootServer.Storage;

/// <summary>
/// The door to the database: many readers, one writer at a time. SQLite has a single writer anyway; queueing for it
/// here, in order and without a blocked thread, replaces its busy-polling.
/// </summary>
public sealed class Database(IDbContextFactory<NetbootDb> contexts) : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);

    /// <summary>Runs <paramref name="query"/> on a fresh, untracked context.</summary>
    public async Task<T> ReadAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> query, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return await query(db, ct);
    }

    /// <summary>
    /// Runs <paramref name="work"/> as the only writer inside one transaction and commits it, unless
    /// <paramref name="work"/> throws. What it returns has reached the disk (WAL with synchronous=FULL).
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(work);
        await _writer.WaitAsync(ct);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var result = await work(db, ct);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            return result;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();
}
