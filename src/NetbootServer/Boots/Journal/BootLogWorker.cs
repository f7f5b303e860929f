using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// Writes queued entries in batches. While the database is away they wait; new ones are dropped when full.
/// </summary>
internal sealed partial class BootLogWorker(BootLog log, Readiness readiness, WorkerServices services,
    TimeProvider time,
    ILogger<BootLogWorker> logger) : ResilientWorker("boot log", services, logger)
{
    private const int BatchSize = 500;
    private const string Unwritten = "database";
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(25), AfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(10), LastWait = TimeSpan.FromSeconds(5);

    /// <summary>What is out of the queue and not yet settled, in its order.</summary>
    private List<QueuedEntry> _hand = [];

    /// <summary>Until the server stops; what is left then is written by <see cref="StopAsync"/>.</summary>
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (_hand.Count == 0) _hand = await log.TakeAsync(BatchSize, stoppingToken);
            var written = await RoundAsync(() => WriteAsync(_hand, stoppingToken), stoppingToken);
            // Lets a batch gather; reports wait for it, so in real time. What a failure left is tried again.
            await Task.Delay(written ? Linger : AfterFailure, stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var rest = Interlocked.Exchange(ref _hand, []); // a host may stop twice
        rest.AddRange(log.TakeRest());
        if (rest.Count == 0) return;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(LastWait);
        try
        {
            await WriteAsync(rest, end.Token);
        }
        catch (OperationCanceledException)
        {
            log.CountDropped(rest.Count);
            Log.Lost(logger, rest.Count);
        }
    }

    /// <summary>
    /// Writes a batch, however long the database is away. A batch that the database refuses is written entry by entry,
    /// so that a bad one cannot hold up the others for ever. What is settled leaves the batch.
    /// </summary>
    private async Task WriteAsync(List<QueuedEntry> batch, CancellationToken ct)
    {
        for (var wait = TimeSpan.FromMilliseconds(200); await TryWriteAsync(batch, ct) is { } error;)
        {
            if (Database.IsAway(error))
            {
                Log.Postponed(logger, batch.Count, error);
                readiness.Report(Unwritten, Database.IsFull(error) ? Database.DiskFull
                    : $"The database cannot be written ({error.GetBaseException().Message.TrimEnd('.')}); it is " +
                    "tried again.");
                await Task.Delay(wait, time, ct);
                wait = wait * 2 < SlowestRetry ? wait * 2 : SlowestRetry;
            }
            else if (batch.Count == 1)
            {
                log.CountDropped();
                Log.GivenUp(logger, batch.Single().Entry.GetType().Name, error);
                log.Settle(batch.Single(), written: false);
                break;
            }
            else
            {
                for (; batch.Count > 0; batch.RemoveAt(0)) await WriteAsync([batch[0]], ct);
                return;
            }
        }
        batch.Clear();
    }

    private async Task<Exception?> TryWriteAsync(IReadOnlyCollection<QueuedEntry> batch, CancellationToken ct)
    {
        try
        {
            await log.WriteAsync([.. batch.Select(queued => queued.Entry)], ct);
            foreach (var queued in batch) log.Settle(queued, written: true);
            readiness.Report(Unwritten, null);
            return null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return e;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not write {Count} boot entries; they are kept and tried again")]
        public static partial void Postponed(ILogger logger, int count, Exception e);

        [LoggerMessage(LogLevel.Error, "Could not write {Count} boot entries before the end; they are lost")]
        public static partial void Lost(ILogger logger, int count);

        [LoggerMessage(LogLevel.Error, "Gave up writing a boot entry ({Entry}) that the database refuses")]
        public static partial void GivenUp(ILogger logger, string entry, Exception e);
    }
}
