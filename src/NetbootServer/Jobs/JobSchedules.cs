using NetbootServer.Storage;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// The cron schedules of jobs, which Quartz keeps: in the server's database, with what came due meanwhile.
/// </summary>
internal sealed class JobSchedules(JobWorks works, JobStore store, ISchedulerFactory schedulers, TimeProvider time)
{
    /// <summary>The triggers with which earlier versions began single jobs; the table of jobs has those jobs.</summary>
    private const string Once = "once";

    private const string WholeServer = "server";

    /// <summary>The key of the jobs that Quartz means.</summary>
    public JobKey KeyOf(Quartz.JobKey key) =>
        new(key.Group, works.Find(key.Group)?.SubjectKind is null ? null : key.Name);

    /// <summary>
    /// Makes what an earlier version of the server has left into what this one needs, before Quartz starts; done again
    /// it does no harm.
    /// </summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.UnscheduleJobs(GroupMatcher<TriggerKey>.GroupEquals(Once), ct);
        foreach (var job in await scheduler.GetJobKeys(GroupMatcher<Quartz.JobKey>.AnyGroup(), ct))
            if (works.Find(job.Group) is null) await scheduler.DeleteJob(job, ct);
            else await AddJobAsync(scheduler, job, ct); // it may name a class that is no more
    }

    /// <summary>Makes all schedules what the works say.</summary>
    public async Task FollowAllAsync(CancellationToken ct)
    {
        foreach (var work in works.All)
            foreach (var schedule in work.Schedules)
                await FollowAsync(new(work.Kind, schedule.Subject), schedule, ct);
    }

    /// <summary>
    /// Makes the schedule of a subject what its work says; of a subject that is gone, removes it and cancels its job.
    /// </summary>
    public async Task FollowAsync(JobKey key, CancellationToken ct)
    {
        if (works.Find(key.Kind) is { } work && work.Exists(key.Subject))
        {
            await FollowAsync(key, work.ScheduleOf(key.Subject), ct);
            return;
        }
        await (await schedulers.GetScheduler(ct)).DeleteJob(QuartzKey(key), ct);
        await store.CancelAsync(key, ct);
    }

    private async Task FollowAsync(JobKey key, JobSchedule? schedule, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        var trigger = TriggerOf(key);
        var cron = schedule?.Cron is { } text ? CronSchedule.ToQuartz(text) : null;
        var next = cron is null ? null : CronSchedule.Next(schedule!.Cron!, schedule.Zone, time.GetUtcNow());
        if (cron is not null && next is { } at
            && await IsFollowedAsync(scheduler, trigger, cron, schedule!.Zone, at, ct)) return;
        await scheduler.UnscheduleJob(trigger, ct);
        if (cron is null || next is null) return; // it may name a year that is over
        if (!await scheduler.Exists(QuartzKey(key), ct)) await AddJobAsync(scheduler, QuartzKey(key), ct);
        await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(QuartzKey(key)).WithIdentity(trigger)
            .WithCronSchedule(cron, quartz => quartz.InTimeZone(schedule!.Zone)
                .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build(), cancellationToken: ct);
    }

    /// <summary>
    /// Whether Quartz follows a schedule already. It may have come due while the server was stopped: then it still
    /// does, which a new trigger would not.
    /// </summary>
    private static async Task<bool> IsFollowedAsync(
        IScheduler scheduler, TriggerKey trigger, string cron, TimeZoneInfo zone, DateTimeOffset next,
        CancellationToken ct)
    {
        try
        {
            return await scheduler.GetTrigger(trigger, ct) is ICronTrigger same
                && same.CronExpressionString == cron && same.TimeZone.Id == zone.Id
                && same.NextFireTimeUtc <= next // later: it was made by a wrong clock, or other rules of the zone
                && await scheduler.GetTriggerState(trigger, ct) != TriggerState.Error;
        }
        catch (Exception e) when (e is not OperationCanceledException && !Database.IsAway(e))
        {
            return false; // its zone may be gone from this system
        }
    }

    private static Quartz.JobKey QuartzKey(JobKey key) => new(key.Subject ?? WholeServer, key.Kind);

    private static TriggerKey TriggerOf(JobKey key) => new(key.Subject ?? WholeServer, $"{key.Kind}-schedule");

    private static async Task AddJobAsync(IScheduler scheduler, Quartz.JobKey key, CancellationToken ct) =>
        await scheduler.AddJob(JobBuilder.Create<ScheduledRequest>().WithIdentity(key).StoreDurably().Build(),
            AddJobOptions.Replacing, ct);
}
