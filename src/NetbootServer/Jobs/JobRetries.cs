using Microsoft.Extensions.Options;

namespace NetbootServer.Jobs;

/// <summary>
/// Tries again what failed on its schedule: once a day until it succeeds, whatever the schedule says and also after a
/// restart. A source that was away when a weekly refresh was due is not left alone for a week.
/// </summary>
internal sealed class JobRetries(JobWorks works, JobQueue queue, IOptions<JobsOptions> options, TimeProvider time)
{
    /// <summary>A job has failed for good.</summary>
    /// <returns>When it is tried again; null when it has no schedule.</returns>
    public async Task<DateTimeOffset?> FailedAsync(JobKey key, CancellationToken ct)
    {
        if (works.Find(key.Kind) is not { } work || work.ScheduleOf(key.Subject) is not { Cron: not null }) return null;
        var at = Next();
        await work.SetRetryAsync(key.Subject, at, ct);
        return at;
    }

    /// <summary>A job has succeeded.</summary>
    public async Task SucceededAsync(JobKey key, CancellationToken ct)
    {
        if (works.Find(key.Kind) is { } work && work.ScheduleOf(key.Subject) is { RetryAt: not null })
            await work.SetRetryAsync(key.Subject, null, ct);
    }

    /// <summary>Requests what is due.</summary>
    public async Task RequestDueAsync(CancellationToken ct)
    {
        foreach (var work in works.All)
            foreach (var schedule in work.Schedules)
                if (IsDue(schedule.RetryAt)) await RequestAsync(work, schedule, ct);
    }

    private async Task RequestAsync(JobWork work, JobSchedule schedule, CancellationToken ct)
    {
        // The next one, first: it goes when the job succeeds, which may be before the request for it has returned.
        await work.SetRetryAsync(schedule.Subject, schedule.Cron is null ? null : Next(), ct);
        if (schedule.Cron is not null)
            await queue.RequestWithinAsync(Scheduled(new(work.Kind, schedule.Subject)), options.Value.Jitter, ct);
    }

    /// <summary>A request by a schedule.</summary>
    public static JobRequest Scheduled(JobKey key) => new(key, JobRequest.BySchedule) { Unattended = true };

    private DateTimeOffset Next() => time.GetUtcNow() + options.Value.RetryFailedAfter;

    /// <summary>A moment that is further off than it can have been set was set by a clock that was wrong.</summary>
    private bool IsDue(DateTimeOffset? at) => at is { } due && (due <= time.GetUtcNow() || due > Next());
}
