using System.Globalization;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// What Quartz calls when a job is due: one at a time in a lane, at most <c>Images:MaxConcurrentJobs</c> in all. A
/// schedule that is due only asks for the job, which begins a little later, at random.
/// </summary>
[DisallowConcurrentExecution]
internal sealed partial class JobRunner(JobStore store, JobRuns runs, JobLogs logs, JobTriggers triggers, IEnumerable<JobWork> works,
    FailedJobs failed, AlarmBoard alarms, Retention retention, IOptions<JobsOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobRunner> logger) : IJob
{
    private const string DiskFull = "The disk is full. What was half-fetched is gone again; make room on the disk, delete " +
        "images, or keep fewer versions, then retry.";

    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1), LongestLimit = TimeSpan.FromDays(1),
        WriteAgain = TimeSpan.FromSeconds(2), Soon = TimeSpan.FromMinutes(2);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var lane = JobLane.Of(context.JobDetail.Key);
        if (context.Trigger.Key.Equals(lane.Schedule))
        {
            await triggers.RequestAsync(lane, JobTriggers.BySchedule, options.Value.Jitter, cancellationToken);
            return;
        }
        if (lifetime.ApplicationStopping.IsCancellationRequested) return; // it waits for the next start
        JobRow? row = null;
        await WrittenAsync(lane, async () => row = await store.TakeUpAsync(lane, cancellationToken));
        if (row is not null) await RunAsync(row, lane);
    }

    private async Task RunAsync(JobRow row, JobLane lane)
    {
        using var run = runs.Begin(row.Id, logs.Open(row.Id), lifetime.ApplicationStopping);
        try
        {
            await WrittenAsync(lane, await ConclusionAsync(row, lane, run));
        }
        finally
        {
            runs.End(row.Id);
            logs.Close(row.Id);
        }
        logs.Remove(await store.TrimAsync(options.Value.Keep, CancellationToken.None));
    }

    /// <summary>Runs the work; answers how what it came to is written down.</summary>
    private async Task<Func<Task>> ConclusionAsync(JobRow row, JobLane lane, JobRun run)
    {
        try
        {
            var version = await works.Single(work => work.Kind == lane.Kind).RunAsync(lane.Image, run, run.Token);
            return async () =>
            {
                await failed.SucceededAsync(lane, CancellationToken.None);
                await store.EndAsync(row.Id, JobStates.Succeeded, run.Progress, version, null);
                Log.Succeeded(logger, lane, version is null ? "" : $", version {version}");
            };
        }
        catch (Exception e)
        {
            return GiveUp(row, lane, run, e);
        }
    }

    /// <summary>
    /// What a job comes to must be written down, or its lane would be taken until the next start: while the database
    /// cannot take it, it is tried again.
    /// </summary>
    private async Task WrittenAsync(JobLane lane, Func<Task> write)
    {
        for (; ; )
        {
            try
            {
                await write();
                return;
            }
            catch (Exception e) when (Database.IsAway(e) && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                Log.NotWritten(logger, lane, e.GetBaseException().Message);
                await Task.Delay(WriteAgain, time, lifetime.ApplicationStopping);
            }
        }
    }

    private Func<Task> GiveUp(JobRow row, JobLane lane, JobRun run, Exception error)
    {
        if (run.IsCancelled)
        {
            run.Log("Cancelled.");
            return CancelledAsync;
        }
        if (run.Token.IsCancellationRequested)
        {
            run.Log("The server stops; the job goes on when it is back.");
            return () => run.IsCancelled ? CancelledAsync() : store.PutBackAsync(row.Id, null, run.Progress, null);
        }
        var problem = ProblemOf(error);
        run.Log($"Failed: {problem.Detail}");
        if (IsPassing(error) && row.Attempt < options.Value.MaxAttempts)
        {
            var wait = WaitAfter(error as SourceException, row.Attempt);
            var next = time.GetUtcNow() + wait;
            run.Log(wait < Soon ? $"Trying again in {wait.TotalSeconds:0} s."
                : $"Trying again in {wait.TotalMinutes:0} min, at {Shown(next)}.");
            return async () =>
            {
                if (run.IsCancelled)
                {
                    await CancelledAsync(); // while this could not be written
                    return;
                }
                await store.PutBackAsync(row.Id, next, run.Progress, problem);
                await triggers.BeginAsync(lane, next, CancellationToken.None);
            };
        }
        Log.Failed(logger, lane, problem.Detail, error is SourceException ? null : error);
        return async () =>
        {
            var again = await failed.FailedAsync(lane, CancellationToken.None);
            if (again is { } at) run.Log($"Trying again at {Shown(at)}, and so on until it succeeds.");
            await store.EndAsync(row.Id, JobStates.Failed, run.Progress, null, problem);
            if (problem.Type == SourceProblems.StorageFull.Path) retention.WantTidying();
            if (JobTriggers.IsUnattended(row.AskedBy))
                alarms.Raise(lane.Kind == JobKinds.Scrub ? AlarmKinds.ScrubFailing : AlarmKinds.RefreshFailing,
                    lane.Image ?? "blobs", $"The {(row.AskedBy == JobTriggers.BySchedule ? "scheduled " : "")}{lane} failed: {problem.Detail}"
                    + (again is { } next ? $" It is tried again at {Shown(next)}, and so on until it succeeds." : ""));
        };

        async Task CancelledAsync()
        {
            await store.EndAsync(row.Id, JobStates.Cancelled, run.Progress, null, null);
            retention.WantTidying(); // what it had stored was kept for it, also when its image was removed meanwhile
        }
    }

    /// <summary>Whether the same may go well a little later: a source, or a disk of our own, is away.</summary>
    private static bool IsPassing(Exception error) => error is SourceException { Transient: true }
        or BlobRefusedException { Refusal: BlobRefusal.StoreAway }
        || (error is not SourceException && Database.IsAway(error) && !Database.IsFull(error));

    private static JobProblem ProblemOf(Exception error) => error switch
    {
        SourceException source => JobProblem.Of(source.Problem, source.Message),
        _ when Database.IsFull(error) => JobProblem.Of(SourceProblems.StorageFull, DiskFull),
        BlobRefusedException { Refusal: BlobRefusal.StoreAway } => JobProblem.Of(SourceProblems.StorageAway, error.Message),
        _ when Database.ProblemOf(error) is { } away => JobProblem.Of(away.Type, away.Detail),
        _ => JobProblem.Of(ProblemTypes.Internal,
            $"The server failed at this job ({error.GetType().Name}). The server's own log has the details; " +
            "it is in the folder logs of its data directory."),
    };

    /// <summary>A source may ask for any wait, also for one that is over; it knows best when its limit ends.</summary>
    private TimeSpan WaitAfter(SourceException? error, int attempt)
    {
        var wait = error?.RetryAfter ?? options.Value.RetryAfter * Math.Pow(2, attempt - 1);
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, (error is { IsLimit: true } ? LongestLimit : LongestWait).Ticks));
    }

    private static string Shown(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Done: {Job}{Version}")]
        public static partial void Succeeded(ILogger logger, JobLane job, string version);

        [LoggerMessage(LogLevel.Warning, "The database cannot take what became of the {Job} ({Detail}); trying again")]
        public static partial void NotWritten(ILogger logger, JobLane job, string detail);

        [LoggerMessage(LogLevel.Warning, "Failed: {Job}: {Detail}")]
        public static partial void Failed(ILogger logger, JobLane job, string detail, Exception? e);
    }
}
