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
                await Task.Delay(Linger, time, stoppingToken); // lets a batch gather
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
        if (rest.Count > 0) await WriteOnceAsync(rest, cancellationToken);
    }

    private async Task WriteAsync(List<BootEntry> batch, CancellationToken ct)
    {
        for (var wait = TimeSpan.FromMilliseconds(200); !await WriteOnceAsync(batch, ct);)
        {
            await Task.Delay(wait, time, ct);
            wait = wait * 2 < SlowestRetry ? wait * 2 : SlowestRetry;
        }
    }

    private async Task<bool> WriteOnceAsync(List<BootEntry> batch, CancellationToken ct)
    {
        try
        {
            await log.WriteAsync(batch, ct);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Postponed(logger, batch.Count, e);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not write {Count} boot entries; they are kept and tried again")]
        public static partial void Postponed(ILogger logger, int count, Exception e);
    }
}
