using NetbootServer.Hosting;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// Starts Quartz once the server listens and all schedules are followed, and stops it with the server.
/// </summary>
internal sealed class JobScheduler(JobSchedules schedules, ISchedulerFactory schedulers,
    IHostApplicationLifetime lifetime, WorkerServices services, TimeProvider time, ILogger<JobScheduler> logger)
    : ResilientWorker("schedules of jobs", services, logger)
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        // A start that fails leaves Quartz alone.
        await ListeningAsync().WaitAsync(stoppingToken);
        var scheduler = await schedulers.GetScheduler(stoppingToken);
        try
        {
            while (!await RoundAsync(() => StartAsync(scheduler, stoppingToken), stoppingToken))
                await Task.Delay(TryAgain, time, stoppingToken);
            await Task.Delay(Timeout.Infinite, stoppingToken);
        }
        finally
        {
            await scheduler.Shutdown(waitForJobsToComplete: true, CancellationToken.None);
        }
    }

    private async Task ListeningAsync()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task;
    }

    private async Task StartAsync(IScheduler scheduler, CancellationToken ct)
    {
        await schedules.PrepareAsync(ct);
        await schedules.FollowAllAsync(ct);
        await scheduler.Start(ct);
    }
}
