using System.Globalization;
using Microsoft.Extensions.Options;
using NetbootServer.Images;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>
/// Tries again what failed on its schedule: once a day until it succeeds, whatever the schedule says and also after a
/// restart. A source that was away when a weekly refresh was due is not left alone for a week.
/// </summary>
internal sealed class FailedJobs(
    Database database, ImageCatalog catalog, ImageRetries images, JobTriggers triggers, IOptions<JobsOptions> options,
    TimeProvider time)
{
    private const string Scrub = "scrub-retry-at";

    private DateTimeOffset? _scrubAt;

    /// <summary>Reads what an earlier run of the server has left.</summary>
    public async Task LoadAsync(CancellationToken ct) =>
        _scrubAt = DateTimeOffset.TryParse(await database.FindAsync(Scrub, ct), CultureInfo.InvariantCulture, out var at)
            ? at : null;

    /// <summary>A job has failed for good.</summary>
    /// <returns>When it is tried again; null when it has no schedule.</returns>
    public async Task<DateTimeOffset?> FailedAsync(JobLane lane, CancellationToken ct)
    {
        if (!HasSchedule(lane)) return null;
        var at = time.GetUtcNow() + options.Value.RetryFailedAfter;
        await SetAsync(lane, at, ct);
        return at;
    }

    /// <summary>A job has succeeded; with the version of a refresh that is written down already.</summary>
    public async Task SucceededAsync(JobLane lane, CancellationToken ct)
    {
        if (lane == JobLane.Scrub && _scrubAt is not null) await SetAsync(lane, null, ct);
    }

    /// <summary>Asks for what is due.</summary>
    public async Task RequestDueAsync(CancellationToken ct)
    {
        foreach (var image in catalog.Images.Values)
            if (IsDue(image.RetryAt)) await RequestAsync(JobLane.RefreshOf(image.Name), ct);
        if (IsDue(_scrubAt)) await RequestAsync(JobLane.Scrub, ct);
    }

    private async Task RequestAsync(JobLane lane, CancellationToken ct)
    {
        // The next one, first: it goes when the job succeeds, which may be before the request for it has returned.
        await SetAsync(lane, HasSchedule(lane) ? time.GetUtcNow() + options.Value.RetryFailedAfter : null, ct);
        if (HasSchedule(lane)) await triggers.RequestAsync(lane, JobTriggers.BySchedule, options.Value.Jitter, ct);
    }

    private bool HasSchedule(JobLane lane) => lane.Image is null
        ? options.Value.ScrubSchedule.Length > 0
        : catalog.Images.GetValueOrDefault(lane.Image)?.Spec.Schedule is not null;

    /// <summary>A moment that is further off than it can have been set was set by a clock that was wrong.</summary>
    private bool IsDue(DateTimeOffset? at) =>
        at is { } due && (due <= time.GetUtcNow() || due > time.GetUtcNow() + options.Value.RetryFailedAfter);

    private async Task SetAsync(JobLane lane, DateTimeOffset? at, CancellationToken ct)
    {
        if (lane.Image is not null)
        {
            await images.SetAsync(lane.Image, at, ct);
            return;
        }
        await database.SetAsync(Scrub, at?.ToString("O", CultureInfo.InvariantCulture) ?? "", ct);
        _scrubAt = at;
    }
}
