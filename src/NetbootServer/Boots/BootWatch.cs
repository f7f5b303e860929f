using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Http;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>
/// Looks twice a second how far transfers have come and whether they stand still, and once a minute for boots that nothing is
/// heard of any more.
/// </summary>
internal sealed partial class BootWatch(LiveBoots live, RateHistory rates, BootLog log, BootHistory history, EventHub events,
    Database database, SteadyClock steady, BootTrim trim, IOptions<BootsOptions> options, TimeProvider time,
    ILogger<BootWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private const int LooksPerSweep = 120, LooksPerTrim = 30 * LooksPerSweep, LostAtOnce = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        for (var looks = 0; await NextAsync(timer, stoppingToken); looks++)
        {
            LookAtTransfers();
            if (events.Readers > 0) await GuardedAsync(() => TellProgressAsync(stoppingToken));
            if (looks % LooksPerSweep == 0) await SweepAsync(stoppingToken);
            if (looks % LooksPerTrim == LooksPerTrim - 1) await TrimAsync(stoppingToken);
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>A database that is away must not end the watch, and the server with it.</summary>
    private async Task GuardedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.NotTold(logger, e.GetBaseException().Message);
        }
    }

    /// <summary>How far each transfer under way has come.</summary>
    private async Task TellProgressAsync(CancellationToken ct)
    {
        var progress = ImmutableArray.CreateBuilder<ServerEvent>();
        foreach (var transfer in live.Transfers.Where(transfer => transfer.EndedAt is null))
        {
            var machine = await history.MachineOfAsync(transfer.Ticket, ct);
            progress.Add(new("boot.progress", machine, JsonSerializer.Serialize(new
            {
                boot = transfer.Ticket.Boot, machine, step = transfer.Step, bytes = transfer.Bytes,
                totalBytes = transfer.TotalBytes, bytesPerSecond = transfer.Rate,
            }, JsonBody.Writing)));
        }
        if (progress.Count > 0) events.PublishProgress("boots", progress.DrainToImmutable());
    }

    /// <summary>Notes how fast they are, and each change between moving and standing still once.</summary>
    internal void LookAtTransfers()
    {
        var now = time.GetUtcNow();
        rates.Look(live.Transfers, now);
        live.Forget();
        foreach (var transfer in live.Transfers.Where(transfer => transfer.EndedAt is null))
        {
            transfer.Measure(now); // also while nobody looks: who comes later shall not be told a mean of long ago
            var (bytes, since, stalled) = transfer.Seen;
            var current = transfer.Bytes;
            if (current != bytes)
            {
                if (stalled) Note(transfer, FactKinds.Moved, now);
                transfer.Seen = (current, now, false);
            }
            else if (!stalled && now - since >= options.Value.StalledAfter)
            {
                Note(transfer, FactKinds.Stalled, since);
                transfer.Seen = (bytes, since, true);
            }
        }
    }

    private void Note(LiveTransfer transfer, string kind, DateTimeOffset at)
    {
        if (kind == FactKinds.Stalled)
            Log.Stalled(logger, transfer.Ticket.Boot, transfer.Step, transfer.Bytes, transfer.TotalBytes);
        log.Add(new BootStep(at, transfer.Ticket, transfer.Step, kind, transfer.Bytes, transfer.TotalBytes));
    }

    /// <summary>
    /// Boots that wait for a success and were not heard of for long are lost, unless their bytes are moving.
    /// </summary>
    internal async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            await steady.SaveAsync(database, ct);
            var now = time.GetUtcNow();
            var before = now - options.Value.UnknownAfter;
            var silent = await database.ReadAsync((db, token) => db.Set<BootRow>()
                .Where(row => row.LastHeardAt < before && (row.Outcome == Outcomes.Running
                    || row.Outcome == Outcomes.Stalled
                    || (row.Outcome == Outcomes.Ready && row.Expects == Steps.Up)))
                .OrderBy(row => row.LastHeardAt).Take(LostAtOnce).ToListAsync(token), ct);
            var moving = live.Transfers.Where(transfer => transfer is { EndedAt: null, Seen.Stalled: false })
                .Select(transfer => transfer.Ticket.Boot).ToHashSet(StringComparer.Ordinal);
            foreach (var boot in silent.Where(boot => !moving.Contains(boot.Id)))
                log.Add(new BootStep(now, new(boot.Id, boot.MachineId ?? 0, "", boot.StartedAt, false),
                    Steps.Script, FactKinds.Lost));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SweepFailed(logger, e);
        }
    }

    /// <summary>Keeps the history within its bounds.</summary>
    private async Task TrimAsync(CancellationToken ct)
    {
        try
        {
            await trim.AllAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SweepFailed(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Boot {Boot} stalled at {Step}: {Bytes} of {TotalBytes} bytes")]
        public static partial void Stalled(ILogger logger, string boot, string step, long bytes, long totalBytes);

        [LoggerMessage(LogLevel.Warning, "Could not tell how far the boots are ({Detail})")]
        public static partial void NotTold(ILogger logger, string detail);

        [LoggerMessage(LogLevel.Warning, "Could not tidy up the boots; trying again later")]
        public static partial void SweepFailed(ILogger logger, Exception e);
    }
}
