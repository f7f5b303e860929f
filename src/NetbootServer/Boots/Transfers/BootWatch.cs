using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Transfers;

/// <summary>
/// Looks twice a second how far transfers have come and which boots are silent, and once a minute for those that
/// nothing is heard of any more.
/// </summary>
internal sealed partial class BootWatch(LiveBoots live, SignsOfLife signs, DownloadQueue line, RateHistory rates,
    BootLog log,
    BootHistory history, EventHub events, Database database, MonotonicClock steady, BootTokens tokens, BootTrim trim,
    IOptions<BootsOptions> options, WorkerServices services, TimeProvider time, ILogger<BootWatch> logger)
    : ResilientWorker("boot watch", services, logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>A difference of the two clocks that no correction makes.</summary>
    private static readonly TimeSpan ClockSet = TimeSpan.FromMinutes(1);

    private DateTimeOffset _lookedAt = time.GetUtcNow();
    private long _lookedStamp = time.GetTimestamp();
    private bool _adopted;
    private const int LooksPerSweep = 120, LooksPerTrim = 30 * LooksPerSweep, LostAtOnce = 500;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        for (var looks = 0; await timer.WaitForNextTickAsync(stoppingToken); looks++)
        {
            var look = looks;
            await RoundAsync(() => LookAsync(look, stoppingToken), stoppingToken);
        }
    }

    private async Task LookAsync(int looks, CancellationToken ct)
    {
        LookAtTransfers();
        if (events.Readers > 0) await GuardedAsync(() => TellProgressAsync(ct));
        if (looks % LooksPerSweep == 0) await SweepAsync(ct);
        if (looks % LooksPerTrim == LooksPerTrim - 1) await TrimAsync(ct);
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
                boot = transfer.Ticket.Boot, machine, step = transfer.Step,
                bytes = (transfer.Initrds?.Before ?? 0) + transfer.Bytes,
                totalBytes = transfer.Initrds?.All ?? transfer.TotalBytes, bytesPerSecond = transfer.Rate,
            }, JsonBody.Writing)));
        }
        if (progress.Count > 0) events.PublishProgress("boots", progress.DrainToImmutable());
    }

    /// <summary>Notes how fast they are, and each change between moving and standing still once.</summary>
    internal void LookAtTransfers()
    {
        NoteRates();
        live.Forget();
        var connected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var transfer in live.Transfers.Where(transfer => transfer.EndedAt is null))
        {
            transfer.Measure(); // also while no one looks: a later reader must not get an old mean
            live.LookAt(transfer, tokens.NowOf(transfer.Ticket));
            connected.Add(transfer.Ticket.Boot);
        }
        foreach (var life in signs.Boots.Where(life => life is { Loads: true, IsSeen: true })) LookAt(life, connected);
    }

    /// <summary>Rates go by the wall clock, which people read them by; a look in which it was set gives none.</summary>
    private void NoteRates()
    {
        var (now, stamp) = (time.GetUtcNow(), time.GetTimestamp());
        var wasSet = (now - _lookedAt - time.GetElapsedTime(_lookedStamp, stamp)).Duration() > ClockSet;
        (_lookedAt, _lookedStamp) = (now, stamp);
        if (wasSet) rates.Skip(now);
        rates.Look(live.Transfers, now);
    }

    /// <summary>
    /// A boot of which there was no sign of life for long is stalled, whichever side ended its last transfer. One that
    /// the server disconnected has had its time already: when nothing is asked for after that either, nothing is known
    /// of it any more.
    /// </summary>
    private void LookAt(Life life, HashSet<string> connected)
    {
        var after = options.Value.StalledAfter;
        if (time.GetElapsedTime(life.HeardAt) < after) return;
        if (line.IsLimited && line.PlaceOf(life.Ticket.Boot) is not null)
        {
            life.Hears(tokens.NowOf(life.Ticket), time.GetTimestamp()); // it asks for its turn again and again
            return;
        }
        var isConnected = connected.Contains(life.Ticket.Boot);
        if (!life.Stalled)
        {
            life.Stalled = true;
            Log.Stalled(logger, life.Ticket.Boot, life.Step, life.WhySilent(isConnected));
            log.Add(new BootStep(life.HeardOn, life.Ticket, life.Step, FactKinds.Stalled,
                Detail: BootReason.Detail(life.WhySilent(isConnected))));
        }
        else if (life.CutAt is { } cut && !isConnected && time.GetElapsedTime(cut) >= after)
        {
            Log.Unknown(logger, life.Ticket.Boot, life.WhySilent(false));
            Lose(life.Ticket, life.WhySilent(false));
        }
    }

    private void Lose(BootTicket ticket, string reason) => log.Add(new BootStep(
        tokens.NowOf(ticket), ticket, Steps.Script, FactKinds.Lost, Detail: BootReason.Detail(reason)));

    /// <summary>
    /// Boots that wait for a success and were not heard of for long are lost, unless their bytes are moving.
    /// </summary>
    internal async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            await steady.SaveAsync(database, ct);
            if (!_adopted) await AdoptAsync(ct);
            var (now, longest) = (time.GetUtcNow(), options.Value.UnknownAfter);
            // The wall clock only chooses whom to look at: it may have been set, forward or back.
            var (before, after) = (now - longest, now + ClockSet);
            var silent = await database.ReadAsync((db, token) => db.Set<BootRow>()
                .Where(row => (row.LastHeardAt < before || row.LastHeardAt > after) && (row.Outcome == Outcomes.Running
                    || row.Outcome == Outcomes.Stalled
                    || (row.Outcome == Outcomes.Ready && row.Expects == Steps.Up)))
                .OrderBy(row => row.LastHeardAt).Take(LostAtOnce).ToListAsync(token), ct);
            var ends = signs.Boots.Where(life => life.End is not null)
                .ToDictionary(life => life.Ticket.Boot, life => life.WhySilent(false), StringComparer.Ordinal);
            foreach (var boot in silent.Where(boot => signs.SilenceOf(boot.Id) >= longest))
                Lose(TicketOf(boot), ends.GetValueOrDefault(boot.Id)
                    ?? $"was not heard of for {BootReason.Show(longest)}");
            signs.Forget(longest);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SweepFailed(logger, e);
        }
    }

    /// <summary>Boots under way when the server was started: their silence is counted from now on.</summary>
    private async Task AdoptAsync(CancellationToken ct)
    {
        var (rows, facts) = await database.ReadAsync(async (db, token) =>
        {
            var rows = await db.Set<BootRow>()
                .Where(row => row.Outcome == Outcomes.Running || row.Outcome == Outcomes.Stalled)
                .OrderByDescending(row => row.LastHeardAt).Take(LostAtOnce).ToListAsync(token);
            var ids = rows.ConvertAll(row => row.Id);
            return (rows, await db.Set<BootFactRow>()
                .Where(fact => ids.Contains(fact.BootId) && fact.Kind == FactKinds.Began)
                .UpTo(BootTimeline.FilesElsewhere.Length).ToListAsync(token));
        }, ct);
        var byBoot = facts.ToLookup(fact => fact.BootId);
        foreach (var row in rows)
            signs.Adopt(TicketOf(row), byBoot[row.Id].MaxBy(fact => fact.At)?.Step ?? Steps.Script,
                row.LastHeardAt, row.Outcome == Outcomes.Stalled, !BootTimeline.IsProgressKnown(byBoot[row.Id]));
        _adopted = true;
    }

    private static BootTicket TicketOf(BootRow row) => new(row.Id, row.MachineId ?? 0, "", row.StartedAt, false);

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
        [LoggerMessage(LogLevel.Warning, "Boot {Boot} stalled at {Step}: the machine {Reason}")]
        public static partial void Stalled(ILogger logger, string boot, string step, string reason);

        [LoggerMessage(LogLevel.Warning, "Boot {Boot} is given up: the machine {Reason}")]
        public static partial void Unknown(ILogger logger, string boot, string reason);

        [LoggerMessage(LogLevel.Warning, "Could not publish the progress of boots ({Detail})")]
        public static partial void NotTold(ILogger logger, string detail);

        [LoggerMessage(LogLevel.Warning, "Could not tidy up the boots; trying again later")]
        public static partial void SweepFailed(ILogger logger, Exception e);
    }
}
