using System.Collections.Immutable;
using System.Threading.Channels;
using NetbootServer.Hosting;

namespace NetbootServer.Storage;

/// <summary>When a follower is called after a commit; the stages follow one another.</summary>
public enum ChangeStage
{
    /// <summary>Drops entries of caches; it does not fail.</summary>
    Caches,

    /// <summary>Loads snapshots again.</summary>
    Catalogs,

    /// <summary>Publishes events: a reader that asks after one finds the new state.</summary>
    Events,

    /// <summary>Begins other work.</summary>
    Work,
}

/// <summary>Follows committed changes. One that fails is called again with the same changes, and later ones.</summary>
/// <param name="Name">Its name in the log, such as <c>image catalog</c>.</param>
/// <param name="Stage">When it is called.</param>
/// <param name="FollowAsync">Follows; called for every transaction that changed anything.</param>
public sealed record ChangeFollower(
    string Name, ChangeStage Stage, Func<Changes, CancellationToken, Task> FollowAsync);

/// <summary>
/// Hands committed changes to all followers, in the order of their stages. The write is done: a follower that fails
/// neither undoes nor repeats it, but is called again in the background until it succeeds. While the database is away,
/// later stages wait for it.
/// </summary>
internal sealed partial class ChangeFollowers(IEnumerable<ChangeFollower> followers, ILogger<ChangeFollowers> logger)
{
    private readonly ImmutableArray<ChangeFollower> _followers = [.. followers.OrderBy(follower => follower.Stage)];
    /// <summary>What followers have yet to follow, and whether the database was away when they tried.</summary>
    private readonly Dictionary<ChangeFollower, (Changes Changes, bool IsAway)> _behind = [];
    private readonly Lock _lock = new();

    /// <summary>Rung when a follower has fallen behind.</summary>
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Calls the followers; never fails.</summary>
    public async Task FollowAsync(Changes changes)
    {
        if (changes.Complete() is { Count: > 0 } missing) Log.NotNoted(logger, string.Join(", ", missing));
        if (changes.IsEmpty) return;
        foreach (var follower in _followers)
        {
            if (MustWait(follower))
            {
                Postpone(follower, changes, isAway: false);
            }
            else if (await TryAsync(follower, changes, CancellationToken.None) is { } error)
            {
                Log.Failed(logger, follower.Name, error);
                Postpone(follower, changes, Database.IsAway(error));
            }
        }
    }

    /// <summary>Waits until a follower is behind.</summary>
    public async Task WaitAsync(CancellationToken ct)
    {
        while (!HasBehind()) await _bell.Reader.ReadAsync(ct);
    }

    /// <summary>Calls those that are behind once more.</summary>
    /// <exception cref="Exception">One of them failed again.</exception>
    public async Task CatchUpAsync(CancellationToken ct)
    {
        Exception? failure = null;
        foreach (var follower in _followers)
        {
            if (Take(follower) is not { } changes || await TryAsync(follower, changes, ct) is not { } error) continue;
            failure ??= error;
            Postpone(follower, changes, Database.IsAway(error));
        }
        if (failure is not null) throw new InvalidOperationException(failure.GetBaseException().Message, failure);
    }

    private static async Task<Exception?> TryAsync(ChangeFollower follower, Changes changes, CancellationToken ct)
    {
        try
        {
            await follower.FollowAsync(changes, ct);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private bool HasBehind()
    {
        lock (_lock) return _behind.Count > 0;
    }

    /// <summary>Whether a follower is behind, or one of an earlier stage is because the database is away.</summary>
    private bool MustWait(ChangeFollower follower)
    {
        if (follower.Stage == ChangeStage.Caches) return false;
        lock (_lock) return _behind.ContainsKey(follower) || IsHeldUp(follower);
    }

    private bool IsHeldUp(ChangeFollower follower) =>
        _behind.Any(behind => behind.Value.IsAway && behind.Key.Stage < follower.Stage);

    private void Postpone(ChangeFollower follower, Changes changes, bool isAway)
    {
        lock (_lock)
        {
            var (waiting, wasAway) = _behind.GetValueOrDefault(follower, (new(), false));
            waiting.Add(changes);
            _behind[follower] = (waiting, isAway || wasAway);
        }
        _bell.Writer.TryWrite(true);
    }

    /// <summary>What a follower has yet to follow; null when it is up to date, or must wait for another.</summary>
    private Changes? Take(ChangeFollower follower)
    {
        lock (_lock) return !IsHeldUp(follower) && _behind.Remove(follower, out var behind) ? behind.Changes : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning,
            "The change is written, but the {Follower} could not follow it; it is tried again until it succeeds")]
        public static partial void Failed(ILogger logger, string follower, Exception e);

        [LoggerMessage(LogLevel.Warning,
            "A transaction wrote {Kinds} by bulk statements without a note in its Changes; all are loaded again")]
        public static partial void NotNoted(ILogger logger, string kinds);
    }
}

/// <summary>Calls followers of changes that have failed until they succeed.</summary>
internal sealed class ChangeWorker(ChangeFollowers followers, WorkerServices services, ILogger<ChangeWorker> logger)
    : ResilientWorker("following of changes", services, logger)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Slowest = TimeSpan.FromSeconds(5);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await followers.WaitAsync(stoppingToken);
            for (var wait = First;
                !await RoundAsync(() => followers.CatchUpAsync(stoppingToken), stoppingToken);
                wait = wait * 2 < Slowest ? wait * 2 : Slowest)
                await Task.Delay(wait, stoppingToken);
        }
    }
}

/// <summary>Registers what follows changes.</summary>
internal static class ChangesSetup
{
    /// <summary>Says what a changed row means.</summary>
    public static IServiceCollection AddChangedRows<TRow>(
        this IServiceCollection services, string kind, Action<Changes, TRow?, TRow?> describe) where TRow : class =>
        services.AddChangedRows<TRow>(kind, (db, before, after, _) =>
        {
            describe(db.Changes, before, after);
            return ValueTask.CompletedTask;
        });

    /// <inheritdoc cref="AddChangedRows{TRow}(IServiceCollection, string, Action{Changes, TRow, TRow})"/>
    public static IServiceCollection AddChangedRows<TRow>(this IServiceCollection services, string kind,
        Func<NetbootDb, TRow?, TRow?, CancellationToken, ValueTask> describe) where TRow : class =>
        services.AddSingleton<ChangedRows>(new ChangedRows<TRow>(kind, describe));

    /// <summary>Registers a follower that waits for nothing.</summary>
    public static IServiceCollection AddChangeFollower(this IServiceCollection services,
        string name, ChangeStage stage, Action<IServiceProvider, Changes> follow) =>
        services.AddChangeFollower(name, stage, (provider, changes, _) =>
        {
            follow(provider, changes);
            return Task.CompletedTask;
        });

    /// <summary>Registers a follower. It is resolved at its first call, since most of them read the database.</summary>
    public static IServiceCollection AddChangeFollower(this IServiceCollection services, string name, ChangeStage stage,
        Func<IServiceProvider, Changes, CancellationToken, Task> follow) =>
        services.AddSingleton(provider => new ChangeFollower(
            name, stage, (changes, ct) => follow(provider, changes, ct)));
}
