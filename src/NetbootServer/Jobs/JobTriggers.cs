using System.Collections.Concurrent;
using System.Security.Cryptography;
using NetbootServer.Images;
using Quartz;

namespace NetbootServer.Jobs;

/// <summary>Asks for jobs and lets Quartz begin them: now, later, or by an image's schedule.</summary>
internal sealed class JobTriggers(JobStore store, ImageCatalog catalog, ISchedulerFactory schedulers, TimeProvider time)
{
    public const string Refresh = "refresh";
    public const string Schedules = "schedules";
    private const string Images = "images";

    private const string FirstUse = "first use", FirstRequest = "first request";

    private readonly ConcurrentDictionary<string, string> _wanted = new(StringComparer.Ordinal);

    /// <summary>A machine that waits asks every few seconds; a refresh that failed is not repeated as often.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(5);

    /// <summary>Asks for a job of an image; while one waits or runs, that one.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="image">The image.</param>
    /// <param name="askedBy">Who asks.</param>
    /// <param name="within">It begins at a random moment within this time; zero: now.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task<Job> RequestAsync(string kind, string image, string askedBy, TimeSpan within, CancellationToken ct)
    {
        var begin = time.GetUtcNow() + within * (RandomNumberGenerator.GetInt32(1_000_000) / 1e6);
        var (job, isNew) = await store.RequestAsync(kind, image, askedBy, within > TimeSpan.Zero ? begin : null, ct);
        if (isNew) await BeginAsync(image, begin, ct);
        return job;
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
        await RequestAsync(Refresh, image, why, TimeSpan.Zero, ct);
    }

    /// <summary>Lets a waiting job of an image begin at a moment.</summary>
    public async Task BeginAsync(string image, DateTimeOffset at, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await AddJobAsync(scheduler, image, ct);
        await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(KeyOf(image)).StartAt(at)
            .WithIdentity(Guid.NewGuid().ToString("N"), "once").Build(), cancellationToken: ct);
    }

    /// <summary>Makes an image's schedule what its spec says; without the image, removes it.</summary>
    public async Task FollowAsync(string image, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        var key = new TriggerKey(image, Schedules);
        var spec = catalog.Images.GetValueOrDefault(image)?.Spec;
        if (spec is null)
        {
            await scheduler.DeleteJob(KeyOf(image), ct);
            return;
        }
        await AddJobAsync(scheduler, image, ct);
        await scheduler.UnscheduleJob(key, ct);
        if (spec.Schedule is null || RefreshSchedule.ToQuartz(spec.Schedule) is not { } cron) return;
        await scheduler.ScheduleJob(TriggerBuilder.Create().ForJob(KeyOf(image)).WithIdentity(key)
            .WithCronSchedule(cron, schedule => schedule.InTimeZone(RefreshSchedule.ZoneOf(spec))
                .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build(), cancellationToken: ct);
    }

    private static async Task AddJobAsync(IScheduler scheduler, string image, CancellationToken ct)
    {
        if (await scheduler.GetJobDetail(KeyOf(image), ct) is not null) return;
        await scheduler.AddJob(JobBuilder.Create<JobRunner>().WithIdentity(KeyOf(image)).StoreDurably().Build(),
            AddJobOptions.Replacing, ct);
    }

    private static JobKey KeyOf(string image) => new(image, Images);
}
