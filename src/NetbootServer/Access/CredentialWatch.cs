using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Sessions;
using NetbootServer.Access.Tokens;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access;

/// <summary>
/// Ends every request whose token or session ends while it is still being answered: event streams, logs that are
/// followed, uploads, exports. The credentials of requests that take longer than a second are looked up each second in
/// the database, so that it also counts when another replica or a command has ended them.
/// </summary>
/// <remarks>
/// A request learns of it by its <see cref="HttpContext.RequestAborted"/>. One that has not answered yet answers 401,
/// one in the middle of its answer is cut unless it comes to an end by itself, and one that does not heed the signal is
/// cut after some seconds. What ends within a second of its credential, such as logging out, is left alone.
/// </remarks>
internal sealed class CredentialWatch(Database database, WorkerServices services, TimeProvider time,
    ILogger<CredentialWatch> logger) : ResilientWorker("watch of credentials", services, logger)
{
    private const int Batch = 500;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<WatchedRequest, byte> _running = new();

    /// <summary>Whether the request's token or session has ended while it was answered.</summary>
    public static bool HasEnded(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Features.Get<WatchedRequest>() is { HasEnded: true };
    }

    /// <summary>Runs the rest of a request for as long as its credential lasts.</summary>
    /// <param name="http">The request.</param>
    /// <param name="grant">What the credential allows.</param>
    /// <param name="next">The rest.</param>
    public async Task GuardAsync(HttpContext http, Grant grant, RequestDelegate next)
    {
        var aborted = http.RequestAborted;
        using var request = new WatchedRequest(http, grant, time);
        http.Features.Set(request);
        http.RequestAborted = request.Token;
        _running[request] = 0;
        try
        {
            await next(http);
        }
        catch (Exception e) when (request.HasEnded && e is OperationCanceledException or IOException)
        {
            await EndAsync(http);
        }
        finally
        {
            _running.TryRemove(request, out _);
            http.RequestAborted = aborted;
        }
    }

    private static Task EndAsync(HttpContext http)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }
        http.Response.Clear();
        return http.ChallengeAsync();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await RoundAsync(() => LookInTimeAsync(stoppingToken), stoppingToken);
    }

    private async Task LookInTimeAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            await LookAsync(limit.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException("the database does not answer in time", e);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var request in _running.Keys.Where(request => request.HasEnded)) request.CutAfter(Patience);
        var running = _running.Keys.Where(request => !request.HasEnded && request.HasRunFor(Period)).ToList();
        foreach (var request in running.Where(request => request.ExpiresAt <= now)) request.Found(isOver: true);
        foreach (var some in running.Where(request => !(request.ExpiresAt <= now))
            .GroupBy(request => request.Id, StringComparer.Ordinal).Chunk(Batch))
        {
            var ends = await EndsAsync([.. some.Select(same => same.Key)], ct);
            foreach (var request in some.SelectMany(same => same))
            {
                var isThere = ends.TryGetValue(request.Id, out var end);
                if (isThere) request.ExpiresAt = end;
                request.Found(isOver: !isThere || end <= now);
            }
        }
    }

    /// <summary>When the tokens and sessions that there are still end; null: never.</summary>
    private Task<Dictionary<string, DateTimeOffset?>> EndsAsync(List<string> ids, CancellationToken ct) =>
        database.ReadAsync(async (db, token) =>
        {
            var ends = await db.Set<TokenRow>().Where(row => ids.Contains(row.Id))
                .ToDictionaryAsync(row => row.Id, row => row.ExpiresAt, StringComparer.Ordinal, token);
            foreach (var row in await db.Set<SessionRow>().Where(row => ids.Contains(row.Id)).ToListAsync(token))
                ends[row.Id] = row.ExpiresAt;
            return ends;
        }, ct);
}
