using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Operations;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>
/// At the start: follows the images' schedules and takes up the jobs that the last end interrupted. Then tells twice a
/// second how far the running ones are, and tidies up once an hour and when asked to.
/// </summary>
internal sealed partial class JobsStart(FirstImages first, FailedJobs failed, IOptions<JobsOptions> options,
    JobTriggers triggers, JobStore store, JobRuns runs, ImageCatalog catalog,
    Retention retention, EventHub events, WorkerServices services, TimeProvider time, ILogger<JobsStart> logger)
    : ResilientWorker("upkeep of jobs", services, logger), IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500), BeginAgain = TimeSpan.FromSeconds(5);
    private const int LooksPerTidying = 7200;
    private IReadOnlyList<Job> _interrupted = [];

    /// <summary>
    /// Looks what the last end interrupted while nothing can begin yet, neither by Quartz nor by a request: a job that
    /// this start begins is not among it.
    /// </summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        _interrupted = await store.ActiveAsync(cancellationToken);
        foreach (var job in _interrupted)
            if (job.State == JobStates.Running) await GuardedAsync(() => store.PutBackAsync(job.Id, null, null, null));
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!await GuardedAsync(() => BeginAsync(stoppingToken))) await Task.Delay(BeginAgain, time, stoppingToken);
        using var timer = new PeriodicTimer(Look, time);
        for (var looks = 1; await timer.WaitForNextTickAsync(stoppingToken); looks++)
        {
            var tidying = retention.TakeWish() || looks % LooksPerTidying == 0;
            await RoundAsync(async () =>
            {
                if (events.Readers > 0) TellProgress();
                await triggers.RequestWantedAsync(stoppingToken);
                await failed.RequestDueAsync(stoppingToken);
                if (tidying) await TidyAsync(stoppingToken);
            }, stoppingToken);
        }
    }

    /// <summary>What a start does; done again it does no harm.</summary>
    private async Task BeginAsync(CancellationToken ct)
    {
        await retention.SweepBuildsAsync(ct);
        await failed.LoadAsync(ct);
        await first.MakeAsync(ct);
        foreach (var image in catalog.Images.Keys) await triggers.FollowAsync(image, ct);
        await triggers.FollowAsync(JobLane.Scrub, options.Value.ScrubSchedule, TimeZoneInfo.Utc, ct);
        foreach (var job in _interrupted) await TakeUpAgainAsync(job, ct);
        retention.WantTidying(); // a job may have ended just before the server did
    }

    private async Task TakeUpAgainAsync(Job job, CancellationToken ct)
    {
        if (runs.Find(job.Id) is not null) return; // it was due, and has begun already
        if (job.Image is not null && !catalog.Images.ContainsKey(job.Image))
            await store.EndAsync(job.Id, JobStates.Cancelled, null, null,
                JobProblem.Of(ProblemTypes.NotFound, $"Image '{job.Image}' is gone."));
        else
            await triggers.BeginAsync(new(job.Kind, job.Image), job.NotBefore ?? time.GetUtcNow(), ct);
    }

    private void TellProgress()
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

    private async Task TidyAsync(CancellationToken ct)
    {
        // A job that waits for another try, or for the server to be back, goes on with what it has stored.
        var interrupted = (await store.ActiveAsync(ct)).Exists(job => job.Kind == JobKinds.Refresh);
        await retention.TidyAsync(interrupted, ct);
    }

    /// <summary>A database that is away, or a disk that is full, must not end the server; false when it was so.</summary>
    private async Task<bool> GuardedAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Failed(logger, e.GetBaseException().Message, Database.IsAway(e) ? null : e);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not look after the jobs, or remove what nothing needs ({Detail}); trying again later")]
        public static partial void Failed(ILogger logger, string detail, Exception? e);
    }
}
