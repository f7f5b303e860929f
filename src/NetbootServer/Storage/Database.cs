using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;

namespace NetbootServer.Storage;

/// <summary>
/// The door to the database: many readers, one writer at a time. SQLite has a single writer anyway; queueing for it
/// here, in order and without a blocked thread, replaces its busy-polling.
/// </summary>
/// <remarks>
/// SQLite blocks the thread that calls it, for seconds when the file is locked or the disk stalls. That thread is never
/// the caller's: a caller that waits is free again as soon as its token is cancelled, and the work is rolled back;
/// but for a <see cref="ChangeAsync"/> that has had its turn.
/// At most <see cref="HeldUpAtMost"/> threads can be held up.
/// </remarks>
public sealed class Database : IDisposable
{
    private const int MaxReaders = 16;

    /// <summary>Threads that a database which does not answer can hold up.</summary>
    internal const int HeldUpAtMost = MaxReaders + 1;

    private readonly SemaphoreSlim _readers = new(MaxReaders, MaxReaders);
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly IDbContextFactory<NetbootDb> _contexts;
    private readonly ChangeRules _rules;
    private readonly ChangeFollowers _followers;

    internal Database(IDbContextFactory<NetbootDb> contexts, ChangeRules rules, ChangeFollowers followers) =>
        (_contexts, _rules, _followers) = (contexts, rules, followers);

    /// <summary>Runs <paramref name="query"/> on a fresh, untracked context.</summary>
    public Task<T> ReadAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> query, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        return AsideAsync(_readers, async db =>
        {
            db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            return await query(db, ct);
        }, ct).WaitAsync(ct);
    }

    /// <summary>
    /// As <see cref="ReadAsync"/>, for a query of several statements: all of them see the database as of the first,
    /// whatever is committed meanwhile.
    /// </summary>
    public Task<T> ReadConsistentlyAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> query, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(query);
        return ReadAsync(async (db, token) =>
        {
            await db.Database.OpenConnectionAsync(token);
            try
            {
                // Deferred: what is begun otherwise waits for the writer.
                await using var transaction = ((SqliteConnection)db.Database.GetDbConnection())
                    .BeginTransaction(deferred: true);
                await using var used = await db.Database.UseTransactionAsync(transaction, token);
                return await query(db, token);
            }
            finally
            {
                await db.Database.CloseConnectionAsync();
            }
        }, ct);
    }

    /// <summary>
    /// Runs <paramref name="work"/> as the only writer inside one transaction and commits it, unless
    /// <paramref name="work"/> throws. What it returns has reached the disk (WAL with synchronous=FULL), and whatever
    /// follows <see cref="NetbootDb.Changes"/> has been called.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(work);
        return TransactAsync(work, commits: true, ct, writing: ct).WaitAsync(ct);
    }

    /// <summary>
    /// As <see cref="WriteAsync"/>, for a change that memory must follow: until <paramref name="work"/> is done it can
    /// be cancelled, and is not written then; from there on it is carried through, even when the client disconnects,
    /// and the caller, who waits for that, learns of it.
    /// </summary>
    /// <param name="work">The change.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <param name="isDryRun">
    /// Whether all of it is rolled back at the end, past what the database itself may refuse; then nothing follows.
    /// </param>
    public Task<T> ChangeAsync<T>(
        Func<NetbootDb, CancellationToken, Task<T>> work, CancellationToken ct, bool isDryRun = false)
    {
        ArgumentNullException.ThrowIfNull(work);
        return TransactAsync(work, commits: !isDryRun, ct, writing: CancellationToken.None);
    }

    private async Task<T> TransactAsync<T>(Func<NetbootDb, CancellationToken, Task<T>> work, bool commits,
        CancellationToken ct, CancellationToken writing)
    {
        var collector = new ChangeCollector(_rules);
        var result = await AsideAsync(_writer, async db =>
        {
            db.Collector = collector;
            try
            {
                await using var transaction = await db.Database.BeginTransactionAsync(ct);
                var result = await work(db, ct);
                await db.SaveChangesAsync(writing);
                if (commits) await transaction.CommitAsync(writing);
                return result;
            }
            finally
            {
                db.Collector = null; // contexts are pooled
            }
        }, ct);
        if (commits) await _followers.FollowAsync(collector.Changes);
        return result;
    }

    /// <summary>
    /// Whether an error says that the database is away for the moment, so that the same work may succeed later; false
    /// when the work itself is at fault.
    /// </summary>
    public static bool IsAway(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
            if (e is SqliteException { SqliteErrorCode: not (Sqlite.Error or Sqlite.Constraint or Sqlite.Mismatch) }
                or TimeoutException or IOException) return true;
        return false;
    }

    /// <summary>What a full disk is answered with, wherever something was to be written.</summary>
    public const string DiskFull =
        "The disk is full, or the quota on it. Make room on it, delete images, or keep fewer versions.";

    /// <summary>Whether an error says that the disk, or the quota on it, is full.</summary>
    public static bool IsFull(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
            if (e is SqliteException { SqliteErrorCode: Sqlite.Full }
                || (OperatingSystem.IsLinux() && e is IOException { HResult: 28 or 122 }))
                return true; // 28 and 122: ENOSPC and EDQUOT, which .NET passes on as they are
        return false;
    }

    /// <summary>
    /// What a failure of the database or the disk means for a client: full (507), or away for the moment (503); null
    /// when it is neither.
    /// </summary>
    internal static Problem? ProblemOf(Exception error) =>
        error is BadHttpRequestException ? null // an IOException, too, and the client's fault
        : IsFull(error) ? new(ProblemTypes.StorageFull, DiskFull)
        : IsAway(error) ? new(ProblemTypes.StorageAway,
            "The database or a disk of the server does not answer at the moment; nothing was changed. Try again in " +
            "some seconds.")
        : null;

    private async Task<T> AsideAsync<T>(SemaphoreSlim gate, Func<NetbootDb, Task<T>> work, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // leaves the caller's thread
            await using var db = await _contexts.CreateDbContextAsync(ct);
            return await work(db);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _readers.Dispose();
        _writer.Dispose();
    }

    /// <summary>Result codes (sqlite.org/rescode.html): of work that is at fault itself, and of a full disk.</summary>
    private static class Sqlite
    {
        public const int Error = 1, Constraint = 19, Mismatch = 20, Full = 13;
    }
}
