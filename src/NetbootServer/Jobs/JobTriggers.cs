using System.Collections.Concurrent;
using System.Security.Cryptography;
using NetbootServer.Images;
using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>Asks for jobs and lets Quartz begin them: now, later, or by an image's schedule.</summary>
internal sealed class JobTriggers(JobStore store, ImageCatalog catalog, ISchedulerFactory schedulers, TimeProvider time)
{
    private const string Once = "once";

    /// <summary>Who asks for jobs that no user asked for: a schedule, the server's first start, a scrub.</summary>
    public const string BySchedule = "schedule", ByFirstStart = "first start", ByScrub = "scrub";

    private const string FirstUse = "first use", FirstRequest = "first request";

    /// <summary>Whether no user waits for a job's end: only an alarm says that it failed.</summary>
    public static bool IsUnattended(string askedBy) => askedBy is BySchedule or ByFirstStart or ByScrub or FirstUse or FirstRequest;

    private readonly ConcurrentDictionary<string, string> _wanted = new(StringComparer.Ordinal);

    /// <summary>A machine that waits asks every few seconds; a refresh that failed is not repeated as often.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(5);

    /// <summary>Asks for a job; while one waits or runs in its lane, that one.</summary>
    /// <param name="lane">The kind, and the image.</param>
    /// <param name="askedBy">Who asks.</param>
    /// <param name="within">It begins at a random moment within this time; zero: now.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task<Job> RequestAsync(JobLane lane, string askedBy, TimeSpan within, CancellationToken ct) =>
        (await AskAsync(lane, askedBy, within, ct)).Job;

    private async Task<(Job Job, bool IsNew)> AskAsync(JobLane lane, string askedBy, TimeSpan within, CancellationToken ct)
    {
        var begin = time.GetUtcNow() + within * (RandomNumberGenerator.GetInt32(1_000_000) / 1e6);
        var (job, isNew) = await store.RequestAsync(lane, askedBy, within > TimeSpan.Zero ? begin : null, ct);
        // Whoever asked may hang up: the job is there, and must have its turn.
        if (isNew) await BeginAsync(lane, begin, CancellationToken.None);
        return (job, isNew);
    }

    /// <summary>Asks for a job at once: one that waits for its time, or for its next try, waits no longer.</summary>
    public async Task<Job> RequestNowAsync(JobLane lane, string askedBy, CancellationToken ct)
    {
        var (job, isNew) = await AskAsync(lane, askedBy, TimeSpan.Zero, ct);
        if (isNew || job.State != JobStates.Queued) return job;
        if (job.NotBefore is not null && !await store.HurryAsync(job.Id, ct)) return job;
        // Also when it waits for no moment: its own call may have been lost. One too many finds nothing to do.
        await BeginAsync(lane, time.GetUtcNow(), CancellationToken.None);
        return job with { NotBefore = null };
    }

    /// <summary>A machine wants an image that has no version yet: an <see cref="ImageWanted"/>.</summary>
    public void Want(string image) => _wanted[image] = FirstUse;

    /// <summary>Somebody wants bytes that the newest version's refresh left out: a <see cref="BytesWanted"/>.</summary>
    public void WantBytes(string image) => _wanted[image] = FirstRequest;

    /// <summary>Asks for the refreshes that machines want.</summary>
    public async Task RequestWantedAsync(CancellationToken ct)
    {
        foreach (var image in _wanted.Keys)
            if (_wanted.TryRemove(image, out var why)) await RequestFirstAsync(image, why, ct);
    }

    private async Task RequestFirstAsync(string image, string why, CancellationToken ct)
    {
        if (catalog.Images.GetValueOrDefault(image) is not { Spec.SourceType: not "upload" } found) return;
        if (why == FirstUse && found.Current is not null) return;
        var tried = await store.ListAsync(image, null, new(1, null), ct);
        if (tried.Items is [{ EndedAt: { } ended } last] && time.GetUtcNow() - ended < AskAgain
            && (last.State != JobStates.Succeeded || last.AskedBy == why)) return;
        await RequestAsync(JobLane.RefreshOf(image), why, TimeSpan.Zero, ct);
    }

    /// <summary>Lets a waiting job begin at a moment.</summary>
    public async Task BeginAsync(JobLane lane, DateTimeOffset at, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await AddJobAsync(scheduler, lane, ct);
        await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(lane.Key).StartAt(at)
            .WithIdentity(Guid.NewGuid().ToString("N"), Once).Build(), cancellationToken: ct);
    }

    /// <summary>Follows changed images.</summary>
    public async Task FollowAsync(Changes changes, CancellationToken ct)
    {
        IEnumerable<string> images = changes.HasAll(ChangeKinds.Image)
            ? catalog.Images.Keys : changes.Names(ChangeKinds.ImageSpec);
        foreach (var image in images) await FollowAsync(image, ct);
        foreach (var renaming in changes.Renamings) await FollowAsync(renaming, ct);
    }

    /// <summary>Makes an image's schedule what its spec says; without the image, removes it.</summary>
    public Task FollowAsync(string image, CancellationToken ct)
    {
        var lane = JobLane.RefreshOf(image);
        return catalog.Images.GetValueOrDefault(image)?.Spec is { } spec
            ? FollowAsync(lane, spec.Schedule, RefreshSchedule.ZoneOf(spec), ct)
            : RemoveAsync(lane, ct);
    }

    /// <summary>A job that waits for an image begins under the image's new name.</summary>
    private async Task FollowAsync(Renaming renaming, CancellationToken ct)
    {
        if (renaming.Kind != "image") return;
        var lane = JobLane.RefreshOf(renaming.To);
        if (await store.DueAsync(lane, ct) is { } due) await BeginAsync(lane, due, ct);
    }

    private async Task RemoveAsync(JobLane lane, CancellationToken ct)
    {
        await (await schedulers.GetScheduler(ct)).DeleteJob(lane.Key, ct);
        await store.CancelAsync(lane, ct);
    }

    /// <summary>Makes the schedule of a lane what is said; null for none.</summary>
    public async Task FollowAsync(JobLane lane, string? schedule, TimeZoneInfo zone, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await AddJobAsync(scheduler, lane, ct);
        var cron = schedule is null ? null : RefreshSchedule.ToQuartz(schedule);
        var next = schedule is null ? null : RefreshSchedule.Next(schedule, zone, time.GetUtcNow());
        if (cron is not null && next is not null && await IsFollowedAsync(scheduler, lane, cron, zone, next.Value, ct)) return;
        await scheduler.UnscheduleJob(lane.Schedule, ct);
        if (cron is null || next is null) return; // it may name a year that is over
        await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(lane.Key).WithIdentity(lane.Schedule)
            .WithCronSchedule(cron, quartz => quartz.InTimeZone(zone)
                .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build(), cancellationToken: ct);
    }

    /// <summary>
    /// Whether Quartz follows a schedule already. It may have come due while the server was stopped: then it still does,
    /// which a new trigger would not.
    /// </summary>
    private static async Task<bool> IsFollowedAsync(
        IScheduler scheduler, JobLane lane, string cron, TimeZoneInfo zone, DateTimeOffset next, CancellationToken ct)
    {
        try
        {
            return await scheduler.GetTrigger(lane.Schedule, ct) is ICronTrigger same
                && same.CronExpressionString == cron && same.TimeZone.Id == zone.Id
                && same.NextFireTimeUtc <= next // later: it was made by a wrong clock, or other rules of the zone
                && await scheduler.GetTriggerState(lane.Schedule, ct) != TriggerState.Error;
        }
        catch (Exception e) when (e is not OperationCanceledException && !Database.IsAway(e))
        {
            return false; // its zone may be gone from this system
        }
    }

    private static async Task AddJobAsync(IScheduler scheduler, JobLane lane, CancellationToken ct)
    {
        if (await scheduler.GetJobDetail(lane.Key, ct) is not null) return;
        await scheduler.AddJob(JobBuilder.Create<JobRunner>().WithIdentity(lane.Key).StoreDurably().Build(),
            AddJobOptions.Replacing, ct);
    }
}
