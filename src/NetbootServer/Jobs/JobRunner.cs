using Microsoft.Extensions.Options;
using NetbootServer.Events;
using NetbootServer.Http;
using NetbootServer.Images.Sources;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// What Quartz calls when a job is due: one at a time for an image, at most <c>Images:MaxConcurrentJobs</c> in all. A
/// schedule that is due only asks for the job, which begins a little later, at random.
/// </summary>
[DisallowConcurrentExecution]
internal sealed partial class JobRunner(JobStore store, JobRuns runs, JobLogs logs, JobTriggers triggers, RefreshWork work,
    AlarmBoard alarms, IOptions<JobsOptions> options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<JobRunner> logger) : IJob
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var image = context.JobDetail.Key.Name;
        if (context.Trigger.Key.Group == JobTriggers.Schedules)
        {
            await triggers.RequestAsync(JobTriggers.Refresh, image, "schedule", options.Value.Jitter, cancellationToken);
            return;
        }
        if (lifetime.ApplicationStopping.IsCancellationRequested) return; // it waits for the next start
        if (await store.TakeUpAsync(JobTriggers.Refresh, image, cancellationToken) is not { } row) return;
        await RunAsync(row, image);
    }

    private async Task RunAsync(JobRow row, string image)
    {
        using var run = new JobRun(row.Id, logs.Open(row.Id), lifetime.ApplicationStopping);
        runs.Begin(run);
        try
        {
            var version = await work.RunAsync(image, run, run.Token);
            await store.EndAsync(row.Id, JobStates.Succeeded, run.Progress, version, null);
            Log.Succeeded(logger, image, version);
        }
        catch (Exception e)
        {
            await GiveUpAsync(row, image, run, e);
        }
        finally
        {
            runs.End(run);
            logs.Close(row.Id);
            logs.Remove(await store.TrimAsync(options.Value.Keep, CancellationToken.None));
        }
    }

    private async Task GiveUpAsync(JobRow row, string image, JobRun run, Exception error)
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
            await triggers.BeginAsync(image, time.GetUtcNow() + wait, CancellationToken.None);
            return;
        }
        await store.EndAsync(row.Id, JobStates.Failed, run.Progress, null, problem);
        Log.Failed(logger, image, problem.Detail, error is SourceException ? null : error);
        if (row.AskedBy == "schedule")
            alarms.Raise(AlarmKinds.RefreshFailing, image, $"The scheduled refresh of image '{image}' failed: {problem.Detail}");
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Refreshed image {Image}: version {Version}")]
        public static partial void Succeeded(ILogger logger, string image, string version);

        [LoggerMessage(LogLevel.Warning, "Refresh of image {Image} failed: {Detail}")]
        public static partial void Failed(ILogger logger, string image, string detail, Exception? e);
    }
}
