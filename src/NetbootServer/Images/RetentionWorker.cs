using NetbootServer.Hosting;
using NetbootServer.Jobs;

namespace NetbootServer.Images;

/// <summary>Removes what nothing needs any more: soon after something may have become so, and once an hour.</summary>
internal sealed class RetentionWorker(Retention retention, JobStore jobs, WorkerServices services, TimeProvider time,
    ILogger<RetentionWorker> logger) : ResilientWorker("removal of what nothing needs", services, logger)
{
    private const int LooksPerTidying = 7200;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        retention.RequestCleanup(); // a job may have ended just before the server did
        using var timer = new PeriodicTimer(Look, time);
        for (var looks = 1; await timer.WaitForNextTickAsync(stoppingToken); looks++)
        {
            if (!retention.TakeCleanupRequest() && looks % LooksPerTidying != 0) continue;
            if (!await RoundAsync(() => CleanUpAsync(stoppingToken), stoppingToken)) retention.RequestCleanup();
        }
    }

    private async Task CleanUpAsync(CancellationToken ct)
    {
        // A job that waits for another try, or for the server to be back, goes on with what it has stored.
        var isInterrupted = (await jobs.ActiveAsync(ct)).Exists(job => job.Image is not null);
        await retention.CleanUpAsync(isInterrupted, ct);
    }
}
