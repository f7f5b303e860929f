using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Initrds;
using NetbootServer.Nix.Commands;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>
/// Lets go of what nothing needs: versions beyond an image's <c>keep</c> that are not current, pinned or being booted,
/// then blobs that no version refers to.
/// </summary>
public sealed partial class Retention(Database database, BlobStore blobs, ImportGate gate, GcRoots roots,
    PackedPaths packed, PartialFiles downloads, Pins pins, IVersionBoots boots, Audit audit, TimeProvider time,
    ILogger<Retention> logger)
{
    /// <summary>
    /// A blob this young may belong to an import that was interrupted and goes on with it after a restart.
    /// </summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(24);

    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5), Orphaned = TimeSpan.FromHours(1);

    private volatile bool _wanted;
    private long _hinderedAt;

    /// <summary>Something may be needed no longer: tidying up comes soon. Never waits.</summary>
    public void RequestCleanup() => _wanted = true;

    /// <summary>Whether tidying up was wanted since the last time.</summary>
    public bool TakeCleanupRequest()
    {
        if (!_wanted || (_hinderedAt != 0 && time.GetElapsedTime(_hinderedAt) < TryAgain)) return false;
        _wanted = false;
        return true;
    }

    /// <summary>
    /// Removes surplus versions of all images, then, unless an import is running, what nothing refers to.
    /// </summary>
    /// <param name="interrupted">
    /// Whether an import waits that will go on with blobs it has stored: young ones stay.
    /// </param>
    /// <param name="ct">Ends it.</param>
    /// <returns>How many versions and blobs went.</returns>
    public async Task<(int Versions, int Blobs)> CleanUpAsync(bool interrupted, CancellationToken ct)
    {
        var versions = await DropVersionsAsync(ct);
        return (versions, await CollectAsync(interrupted, ct));
    }

    /// <summary>
    /// Removes what interrupted builds have left, and downloads that were not resumed; only while no job runs.
    /// </summary>
    public async Task SweepBuildsAsync(CancellationToken ct)
    {
        roots.Sweep((await database.ReadAsync((db, token) => db.Set<ImageVersionRow>().Where(row => row.GcRoots != null)
            .Select(row => row.GcRoots!).ToListAsync(token), ct)).ToHashSet());
        downloads.Sweep();
    }

    private async Task<int> DropVersionsAsync(CancellationToken ct)
    {
        var surplus = await database.ChangeAsync(async (db, token) =>
        {
            var booting = await boots.FindInUseAsync(db, token);
            var rows = new List<(string Image, ImageVersionRow Row)>();
            foreach (var image in await db.Set<ImageRow>().ToListAsync(token))
            {
                var keep = ImageCatalog.ToImage(image, []).Spec.Keep;
                var old = await db.Set<ImageVersionRow>().Where(row => row.ImageId == image.Id)
                    .OrderByDescending(row => row.Sequence).Skip(keep).ToListAsync(token);
                if (old.Count == 0) continue;
                var pinned = await pins.OfAsync(db, image.Name, token);
                rows.AddRange(old.Where(row => row.Id != image.Current && !pinned.Contains(row.Id)
                    && !booting.Contains((image.Name, row.Id))).Select(row => (image.Name, row)));
            }
            db.RemoveRange(rows.Select(entry => entry.Row));
            foreach (var (image, row) in rows)
                audit.Deleted(db, "version", $"{image}@{row.Id}", new { image, row.Id, row.CreatedAt, why = "keep" });
            return rows;
        }, ct);
        foreach (var (image, row) in surplus)
        {
            if (row.GcRoots is { } folder) roots.Remove(folder);
            Log.VersionDropped(logger, image, row.Id);
        }
        return surplus.Count;
    }

    private async Task<int> CollectAsync(bool interrupted, CancellationToken ct)
    {
        using var alone = gate.TryCollect();
        if (alone is null || blobs.IsAway) // the next tidying finds them
        {
            (_wanted, _hinderedAt) = (true, time.GetTimestamp());
            return 0;
        }
        _hinderedAt = 0;
        await SweepBuildsAsync(ct);
        await packed.EvictAsync(db => db.Set<VersionBlobRow>().Select(use => use.Sha256), ct);
        var before = interrupted ? time.GetUtcNow() - Young : time.GetUtcNow();
        var unused = await database.ReadAsync((db, token) => db.Set<BlobRow>()
            .Where(blob => blob.CreatedAt < before && !db.Set<VersionBlobRow>().Any(use => use.Sha256 == blob.Sha256)
                && !db.Set<PackedPathRow>().Any(path => path.Sha256 == blob.Sha256))
            .Select(blob => blob.Sha256).ToListAsync(token), ct);
        foreach (var sha256 in unused) await blobs.RemoveAsync(BlobRow.DigestOf(sha256), ct);
        if (unused.Count > 0) Log.BlobsCollected(logger, unused.Count);
        if (await blobs.SweepAsync(Orphaned, ct) is { Files: > 0 } swept)
            Log.FilesSwept(logger, swept.Files, swept.Bytes);
        return unused.Count;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Image {Image} let go of version {Version}: newer ones are kept")]
        public static partial void VersionDropped(ILogger logger, string image, string version);

        [LoggerMessage(LogLevel.Information, "Removed {Count} blobs that no version refers to")]
        public static partial void BlobsCollected(ILogger logger, int count);

        [LoggerMessage(LogLevel.Information, "Removed {Count} files, {Bytes} bytes, that an interrupted import left")]
        public static partial void FilesSwept(ILogger logger, int count, long bytes);
    }
}
