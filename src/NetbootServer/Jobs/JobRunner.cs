using System.Globalization;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Events;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>
/// Runs a job that was taken up, and writes down what became of it: done, cancelled, failed, or another try.
/// </summary>
internal sealed partial class JobRunner(JobStore store, JobWorks works, JobRuns runs, JobLogs logs, JobRetries retries,
    ExceptionProblems exceptions, AlarmBoard alarms, IOptions<JobsOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobRunner> logger)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1), LongestLimit = TimeSpan.FromDays(1),
        WriteAgain = TimeSpan.FromSeconds(2), Soon = TimeSpan.FromMinutes(2);

    /// <summary>Runs a job.</summary>
    /// <param name="row">As <see cref="JobStore.TakeDueAsync"/> answered it.</param>
    public async Task RunAsync(JobRow row)
    {
        using var run = runs.Begin(row.Id, logs.Open(row.Id), lifetime.ApplicationStopping);
        try
        {
            await WrittenAsync(row, await ConclusionAsync(row, run));
        }
        finally
        {
            runs.End(row.Id);
            logs.Close(row.Id);
        }
        logs.Remove(await store.TrimAsync(options.Value.Keep, CancellationToken.None));
    }

    /// <summary>Runs the work; answers how what became of it is written down.</summary>
    private async Task<Func<Task>> ConclusionAsync(JobRow row, JobRun run)
    {
        try
        {
            var work = works.Find(row.Kind) ?? throw new JobFailedException(ProblemTypes.Internal,
                $"This version of the server has no work of the kind '{row.Kind}'.");
            var version = await work.RunAsync(new(row.Id, row.Subject, JobStore.InputOf(row)), run, run.Token);
            return async () =>
            {
                await retries.SucceededAsync(row.Key, CancellationToken.None);
                await store.EndAsync(row.Id, JobStates.Succeeded, run.Progress, version, null);
                Log.Succeeded(logger, Describe(row), version is null ? "" : $", version {version}");
            };
        }
        catch (Exception e)
        {
            return GiveUp(row, run, e);
        }
    }

    /// <summary>
    /// What became of a job must be written down, or its key would be taken until the next start: while the database
    /// cannot take it, it is tried again.
    /// </summary>
    private async Task WrittenAsync(JobRow row, Func<Task> write)
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
                Log.NotWritten(logger, Describe(row), e.GetBaseException().Message);
                await Task.Delay(WriteAgain, time, lifetime.ApplicationStopping);
            }
        }
    }

    private Func<Task> GiveUp(JobRow row, JobRun run, Exception error)
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
        var (problem, isTransient) = ProblemOf(error);
        run.Log($"Failed: {problem.Detail}");
        if (isTransient && row.Attempt < options.Value.MaxAttempts)
        {
            var wait = WaitAfter(error as JobFailedException, row.Attempt);
            var next = time.GetUtcNow() + wait;
            run.Log(wait < Soon ? $"Trying again in {wait.TotalSeconds:0} s."
                : $"Trying again in {wait.TotalMinutes:0} min, at {Shown(next)}.");
            // It may be cancelled while this cannot be written.
            return () => run.IsCancelled ? CancelledAsync() : store.PutBackAsync(row.Id, next, run.Progress, problem);
        }
        Log.Failed(logger, Describe(row), problem.Detail, error is JobFailedException ? null : error);
        return async () =>
        {
            var again = await retries.FailedAsync(row.Key, CancellationToken.None);
            if (again is { } at) run.Log($"Trying again at {Shown(at)}, and so on until it succeeds.");
            await store.EndAsync(row.Id, JobStates.Failed, run.Progress, null, problem);
            if (row.Unattended) RaiseAlarm(row, problem, again);
        };

        Task CancelledAsync() => store.EndAsync(row.Id, JobStates.Cancelled, run.Progress, null, null);
    }

    private void RaiseAlarm(JobRow row, JobProblem problem, DateTimeOffset? again)
    {
        if (works.Find(row.Kind) is not { AlarmKind: { } alarm } work) return;
        var scheduled = row.AskedBy == JobRequest.BySchedule ? "scheduled " : "";
        alarms.Raise(alarm, work.NameOf(row.Subject), $"The {scheduled}{Describe(row)} failed: {problem.Detail}"
            + (again is { } next ? $" It is tried again at {Shown(next)}, and so on until it succeeds." : ""));
    }

    /// <summary>
    /// What an error means, and whether the same may succeed a little later: because the work says so, or because a
    /// disk or the database is away, which is a 503 to a client.
    /// </summary>
    private (JobProblem Problem, bool IsTransient) ProblemOf(Exception error)
    {
        if (error is JobFailedException failed)
            return (JobProblem.Of(failed.Problem, failed.Message), failed.Transient);
        if (exceptions.Of(error) is { } problem)
            return (JobProblem.Of(problem.Type, problem.Detail),
                problem.Type.Status == StatusCodes.Status503ServiceUnavailable);
        return (JobProblem.Of(ProblemTypes.Internal,
            $"The server failed at this job ({error.GetType().Name}). The server's own log has the details; " +
            "it is in the folder logs of its data directory."), false);
    }

    /// <summary>
    /// What failed may ask for any wait, also for one that is over; it knows best when its limit ends.
    /// </summary>
    private TimeSpan WaitAfter(JobFailedException? error, int attempt)
    {
        var wait = error?.RetryAfter ?? options.Value.RetryAfter * Math.Pow(2, attempt - 1);
        return TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, (error is { IsLimit: true } ? LongestLimit : LongestWait)
            .Ticks));
    }

    private string Describe(JobRow row) => works.Find(row.Kind)?.Describe(row.Subject) ?? row.Kind;

    private static string Shown(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Done: {Job}{Version}")]
        public static partial void Succeeded(ILogger logger, string job, string version);

        [LoggerMessage(LogLevel.Warning, "The database cannot take what became of the {Job} ({Detail}); trying again")]
        public static partial void NotWritten(ILogger logger, string job, string detail);

        [LoggerMessage(LogLevel.Warning, "Failed: {Job}: {Detail}")]
        public static partial void Failed(ILogger logger, string job, string detail, Exception? e);
    }
}
