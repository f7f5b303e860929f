using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Sources;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>
/// A scrub: reads every blob through. A rotten one goes out of service with an alarm, and the images that have it are
/// refreshed, which fetches it again when the source still has it. An interrupted scrub goes on where it was.
/// </summary>
internal sealed class ScrubWork(BlobScrub scrub, Database database, ImageCatalog catalog, AlarmBoard alarms,
    Refreshes refreshes, IOptions<ScrubOptions> options, IHostApplicationLifetime lifetime,
    TimeProvider time) : JobWork(Scrub)
{
    private const string Scrub = "scrub", Cursor = "scrub-after", Retry = "scrub-retry-at";
    private static readonly TimeSpan NoteEvery = TimeSpan.FromSeconds(10);

    private DateTimeOffset? _retryAt;

    /// <summary>The key of scrubs.</summary>
    public static JobKey Key { get; } = new(Scrub, null);

    public override string AlarmKind => AlarmKinds.ScrubFailing;

    public override IEnumerable<JobSchedule> Schedules => [Schedule];

    private JobSchedule Schedule => new(null,
        options.Value.ScrubSchedule is { Length: > 0 } cron ? cron : null, TimeZoneInfo.Utc, _retryAt);

    public override JobSchedule? ScheduleOf(string? subject) => Schedule;

    public override string NameOf(string? subject) => "blobs";

    /// <summary>Reads what an earlier run of the server has stored.</summary>
    public async Task LoadAsync(CancellationToken ct) =>
        _retryAt = DateTimeOffset.TryParse(await database.FindAsync(Retry, ct), CultureInfo.InvariantCulture,
            out var at)
            ? at : null;

    public override async Task SetRetryAsync(string? subject, DateTimeOffset? at, CancellationToken ct)
    {
        await database.SetAsync(Retry, at?.ToString("O", CultureInfo.InvariantCulture) ?? "", ct);
        _retryAt = at;
    }

    public override async Task<string?> RunAsync(JobContext job, IJobProgress progress, CancellationToken ct)
    {
        var blobs = await scrub.ListAsync(ct);
        var after = await database.FindAsync(Cursor, ct) ?? "";
        var first = blobs.FindIndex(blob => string.CompareOrdinal(blob.Digest.ToString(), after) > 0);
        var (total, done) = (blobs.Sum(blob => blob.Length), 0L);
        if (first > 0)
        {
            done = blobs.Take(first).Sum(blob => blob.Length);
            progress.Log($"Going on behind the {first} blobs that were read before the server stopped");
        }
        progress.Log($"Reading {blobs.Count - Math.Max(first, 0)} blobs through, {total - done} bytes");
        try
        {
            var noted = time.GetTimestamp();
            foreach (var blob in blobs.Skip(first))
            {
                var before = done;
                var verdict = await scrub.CheckAsync(blob, options.Value.ScrubBytesPerSecond, read =>
                    progress.Report(new("checking") { DoneBytes = done += read, TotalBytes = total }), ct);
                done = before + blob.Length;
                await NotifyAsync(blob, verdict, progress, ct);
                if (time.GetElapsedTime(noted) < NoteEvery) continue;
                noted = time.GetTimestamp();
                await database.SetAsync(Cursor, blob.Digest.ToString(), ct);
            }
        }
        catch (OperationCanceledException) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await database.SetAsync(Cursor, "", CancellationToken.None); // cancelled: the next one begins anew
            throw;
        }
        await database.SetAsync(Cursor, "", CancellationToken.None);
        progress.Report(new("checking") { DoneBytes = total, TotalBytes = total });
        progress.Log("All read");
        return null;
    }

    private async Task NotifyAsync(ScrubbedBlob blob, ScrubVerdict verdict, IJobProgress progress, CancellationToken ct)
    {
        if (verdict is ScrubVerdict.Good or ScrubVerdict.Gone) return;
        var users = await UsersAsync(blob.Digest.ToString(), ct);
        var images = users.Select(user => user.Image).Distinct(StringComparer.Ordinal).ToList();
        if (verdict == ScrubVerdict.Back)
        {
            progress.Log($"{blob.Digest} is good again, and back in service");
            return;
        }
        var refreshed = images.FindAll(name => catalog.Images.GetValueOrDefault(name)?.Spec.SourceType is { } type
            && type != "upload");
        var detail = Detail(blob, users, refreshed);
        progress.Log(detail);
        alarms.Raise(AlarmKinds.BlobRotten, blob.Digest.ToString(), detail);
        foreach (var name in refreshed)
            await refreshes.RequestAsync(name, Refreshes.ByScrub, ct);
    }

    private static string Detail(ScrubbedBlob blob, List<(string Image, string Version)> users, List<string> refreshed)
    {
        var fault = $"The bytes of blob {blob.Digest} are no longer those it was stored with: look after the disk. " +
            "It is out of service; ";
        if (users.Count == 0) return fault + "no version refers to it, so it will be removed.";
        var used = string.Join(", ", users.Select(user => $"{user.Image}@{user.Version}"));
        return refreshed.Count == 0
            ? fault + $"machines that boot {used} wait until the same file is uploaded again."
            : fault + $"machines that boot {used} wait. {string.Join(", ", refreshed)} is refreshed now, which " +
            "brings it back if the source still has it; else roll back to another version.";
    }

    /// <summary>The versions that have a blob, by itself or as a part of another.</summary>
    private Task<List<(string Image, string Version)>> UsersAsync(string sha256, CancellationToken ct) =>
        database.ReadAsync(async (db, token) =>
        {
            var users = await (from use in db.Set<VersionBlobRow>()
                               join version in db.Set<ImageVersionRow>() on use.VersionSequence equals version.Sequence
                               join image in db.Set<ImageRow>() on version.ImageId equals image.Id
                               where use.Sha256 == sha256
                               orderby version.Sequence descending
                               select new { image.Name, version.Id }).ToListAsync(token);
            return users.ConvertAll(user => (user.Name, user.Id));
        }, ct);
}
