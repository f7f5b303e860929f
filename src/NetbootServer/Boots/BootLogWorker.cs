using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>Writes queued entries in batches. While the database is away they wait; new ones are dropped when full.</summary>
internal sealed partial class BootLogWorker(BootLog log, TimeProvider time, ILogger<BootLogWorker> logger)
    : BackgroundService
{
    private const int BatchSize = 500;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan SlowestRetry = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var batch = await log.TakeAsync(BatchSize, stoppingToken);
                await WriteAsync(batch, stoppingToken);
                await Task.Delay(Linger, stoppingToken); // lets a batch gather; reports wait for it, so in real time
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rest is written below, by StopAsync.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var rest = log.TakeRest();
        if (rest.Count > 0) await TryWriteAsync(rest, cancellationToken);
    }

    /// <summary>
    /// Writes a batch, however long the database is away. A batch that the database refuses is written entry by entry,
    /// so that a bad one cannot hold up the others for ever.
    /// </summary>
    private async Task WriteAsync(IReadOnlyCollection<QueuedEntry> batch, CancellationToken ct)
    {
        for (var wait = TimeSpan.FromMilliseconds(200); await TryWriteAsync(batch, ct) is { } error;)
        {
            if (Database.IsAway(error))
            {
                Log.Postponed(logger, batch.Count, error);
                await Task.Delay(wait, time, ct);
                wait = wait * 2 < SlowestRetry ? wait * 2 : SlowestRetry;
            }
            else if (batch.Count == 1)
            {
                log.CountDropped();
                Log.GivenUp(logger, batch.Single().Entry.GetType().Name, error);
                batch.Single().Written?.TrySetResult(false);
                return;
            }
            else
            {
                foreach (var entry in batch) await WriteAsync([entry], ct);
                return;
            }
        }
    }

    private async Task<Exception?> TryWriteAsync(IReadOnlyCollection<QueuedEntry> batch, CancellationToken ct)
    {
        try
        {
            await log.WriteAsync([.. batch.Select(queued => queued.Entry)], ct);
            foreach (var queued in batch) queued.Written?.TrySetResult(true);
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

        [LoggerMessage(LogLevel.Error, "Gave up writing a boot entry ({Entry}) that the database refuses")]
        public static partial void GivenUp(ILogger logger, string entry, Exception e);
    }
}
