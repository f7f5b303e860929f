using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Events;
using NetbootServer.Hosting;

namespace NetbootServer.Jobs;

/// <summary>
/// Twice a second: publishes how far the running jobs are, and requests failed ones whose next try is due.
/// </summary>
internal sealed class JobUpkeep(JobRetries retries, JobRuns runs, EventHub events, WorkerServices services,
    TimeProvider time, ILogger<JobUpkeep> logger) : ResilientWorker("upkeep of jobs", services, logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await RoundAsync(async () =>
            {
                if (events.Readers > 0) PublishProgress();
                await retries.RequestDueAsync(stoppingToken);
            }, stoppingToken);
    }

    private void PublishProgress()
    {
        var progress = ImmutableArray.CreateBuilder<ServerEvent>();
        foreach (var run in runs.All)
            if (run.Live is { } done)
                progress.Add(new("job.progress", null, JsonSerializer.Serialize(new
                {
                    job = run.Id, done.Phase, done.DoneBytes, done.TotalBytes, done.DoneSteps, done.TotalSteps,
                    done.BytesPerSecond, done.SecondsLeft,
                }, JsonBody.Writing)));
        if (progress.Count > 0) events.PublishProgress("jobs", progress.DrainToImmutable());
    }
}
