using Microsoft.Extensions.Options;
using NetbootServer.Hosting;

namespace NetbootServer.Jobs;

/// <summary>
/// Takes jobs from the queue, which is their table, when they are due, in order, and runs at most
/// <see cref="JobLimits.MaxConcurrentJobs"/> at once.
/// </summary>
/// <remarks>
/// It looks when a job has changed, when the next one is due, and every few seconds besides: the clock may have been
/// set, or another program may have written. Its first look takes up what an earlier end of the server interrupted.
/// </remarks>
internal sealed partial class JobWorker(JobStore store, JobRunner runner, JobSignal signal, IOptions<JobLimits> limits,
    IHostApplicationLifetime lifetime, WorkerServices services, TimeProvider time, ILogger<JobWorker> logger)
    : ResilientWorker("job queue", services, logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10), AfterFailure = TimeSpan.FromSeconds(2),
        Least = TimeSpan.FromMilliseconds(1);

    private readonly List<Task> _running = [];
    private int _count;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        // Running jobs end when the server begins to stop, which is before its workers are stopped: then begin no more.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            await LoopAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is queued waits for the next start.
        }
        finally
        {
            await Task.WhenAll(_running);
        }
    }

    private async Task LoopAsync(CancellationToken ct)
    {
        for (var recovered = false; ;)
        {
            DateTimeOffset? next = null;
            var isGood = await RoundAsync(async () =>
            {
                if (!recovered) await store.RecoverAsync(ct);
                recovered = true;
                next = await BeginDueAsync(ct);
            }, ct);
            await signal.WaitAsync(isGood ? WaitUntil(next) : AfterFailure, time, ct);
        }
    }

    /// <summary>Begins what is due, as far as there is room.</summary>
    /// <returns>When the next job is due; null when none waits, or none may begin before another has ended.</returns>
    private async Task<DateTimeOffset?> BeginDueAsync(CancellationToken ct)
    {
        _running.RemoveAll(run => run.IsCompleted);
        while (Volatile.Read(ref _count) < limits.Value.MaxConcurrentJobs)
        {
            ct.ThrowIfCancellationRequested();
            var (row, next) = await store.TakeDueAsync(ct);
            if (row is null) return next;
            Interlocked.Increment(ref _count);
            _running.Add(RunAsync(row));
        }
        return null;
    }

    private async Task RunAsync(JobRow row)
    {
        await Task.Yield(); // work that takes long before it first waits must not hold up the queue
        try
        {
            await runner.RunAsync(row);
        }
        catch (Exception e)
        {
            Log.Failed(logger, row.Kind, row.Id, e);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
            signal.Set();
        }
    }

    private TimeSpan WaitUntil(DateTimeOffset? next)
    {
        var wait = next is { } at ? at - time.GetUtcNow() : LookAgain;
        return wait < Least ? Least : wait > LookAgain ? LookAgain : wait;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error,
            "What became of the {Kind} job {Job} could not be written; it runs again after the next start")]
        public static partial void Failed(ILogger logger, string kind, string job, Exception e);
    }
}
