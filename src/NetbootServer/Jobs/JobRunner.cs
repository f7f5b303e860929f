using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Http;
using NetbootServer.Images.Sources;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// What Quartz calls when a job is due: one at a time in a lane, at most <c>Images:MaxConcurrentJobs</c> in all. A
/// schedule that is due only asks for the job, which begins a little later, at random.
/// </summary>
[DisallowConcurrentExecution]
internal sealed partial class JobRunner(JobStore store, JobRuns runs, JobLogs logs, JobTriggers triggers, IEnumerable<JobWork> works,
    AlarmBoard alarms, IOptions<JobsOptions> options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<JobRunner> logger) : IJob
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var lane = JobLane.Of(context.JobDetail.Key);
        if (context.Trigger.Key.Equals(lane.Schedule))
        {
            await triggers.RequestAsync(lane, "schedule", options.Value.Jitter, cancellationToken);
            return;
        }
        if (lifetime.ApplicationStopping.IsCancellationRequested) return; // it waits for the next start
        if (await store.TakeUpAsync(lane, cancellationToken) is not { } row) return;
        await RunAsync(row, lane);
    }

    private async Task RunAsync(JobRow row, JobLane lane)
    {
        using var run = new JobRun(row.Id, logs.Open(row.Id), lifetime.ApplicationStopping);
        runs.Begin(run);
        try
        {
            var version = await works.Single(work => work.Kind == lane.Kind).RunAsync(lane.Image, run, run.Token);
            await store.EndAsync(row.Id, JobStates.Succeeded, run.Progress, version, null);
            Log.Succeeded(logger, lane, version);
        }
        catch (Exception e)
        {
            await GiveUpAsync(row, lane, run, e);
        }
        finally
        {
            runs.End(run);
            logs.Close(row.Id);
            logs.Remove(await store.TrimAsync(options.Value.Keep, CancellationToken.None));
        }
    }

    private async Task GiveUpAsync(JobRow row, JobLane lane, JobRun run, Exception error)
    {
        if (run.IsCancelled)
        {
            run.Log("Cancelled.");
            await store.EndAsync(row.Id, JobStates.Cancelled, run.Progress, null, null);
            return;
        }
        if (run.Token.IsCancellationRequested)
        {
            run.Log("The server stops; the job goes on when it is back.");
            await store.PutBackAsync(row.Id, null, run.Progress, null);
            return;
        }
        var problem = error is SourceException source
            ? JobProblem.Of(source.Problem, source.Message)
            : JobProblem.Of(ProblemTypes.Internal, $"The server failed at this job ({error.GetType().Name}). Its log has the details.");
        run.Log($"Failed: {problem.Detail}");
        if (error is SourceException { Transient: true } passing && row.Attempt < options.Value.MaxAttempts)
        {
            var wait = passing.RetryAfter ?? Min(options.Value.RetryAfter * Math.Pow(2, row.Attempt - 1), LongestWait);
            run.Log($"Trying again in {wait.TotalSeconds:0} s.");
            await store.PutBackAsync(row.Id, time.GetUtcNow() + wait, run.Progress, problem);
            await triggers.BeginAsync(lane, time.GetUtcNow() + wait, CancellationToken.None);
            return;
        }
        await store.EndAsync(row.Id, JobStates.Failed, run.Progress, null, problem);
        Log.Failed(logger, lane, problem.Detail, error is SourceException ? null : error);
        if (row.AskedBy == "schedule")
            alarms.Raise(lane.Kind == JobKinds.Scrub ? AlarmKinds.ScrubFailing : AlarmKinds.RefreshFailing,
                lane.Image ?? "blobs", $"The scheduled {lane} failed: {problem.Detail}");
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Done: {Job}, version {Version}")]
        public static partial void Succeeded(ILogger logger, JobLane job, string? version);

        [LoggerMessage(LogLevel.Warning, "Failed: {Job}: {Detail}")]
        public static partial void Failed(ILogger logger, JobLane job, string detail, Exception? e);
    }
}
