using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Images;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>Reads how versions are booted.</summary>
internal sealed class VersionBoots(Database database, ImageCatalog images, TimeProvider time) : IVersionBoots
{
    private static readonly TimeSpan AfterReady = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The versions whose files machines may still fetch: those of boots under way, and, of versions with further
    /// files, those of boots whose kernel was started a while ago, for it is the booted system that fetches these.
    /// </summary>
    public async Task<IReadOnlySet<(string Image, string Version)>> FindInUseAsync(NetbootDb db, CancellationToken ct)
    {
        var since = time.GetUtcNow() - AfterReady;
        var boots = await db.Set<BootRow>().Where(boot => boot.Image != null && boot.Version != null
                && (boot.Outcome == Outcomes.Running || boot.Outcome == Outcomes.Stalled
                    || (boot.Outcome == Outcomes.Ready && boot.LastHeardAt >= since)))
            .Select(boot => new
            {
                Image = boot.Image!, Version = boot.Version!, IsReady = boot.Outcome == Outcomes.Ready,
            })
            .Distinct().ToListAsync(ct);
        return boots.Where(boot => !boot.IsReady || HasFiles(boot.Image, boot.Version))
            .Select(boot => (boot.Image, boot.Version)).ToHashSet();
    }

    /// <inheritdoc/>
    public async Task<FrozenDictionary<string, RecentBoots>> CountAsync(
        string image, DateTimeOffset since, CancellationToken ct)
    {
        var counts = await database.ReadAsync((db, token) => db.Set<BootRow>()
            .Where(row => row.Image == image && row.StartedAt >= since && row.Version != null)
            .GroupBy(row => row.Version!)
            .Select(boots => new
            {
                Version = boots.Key, Began = boots.Count(),
                Succeeded = boots.Count(row => row.Outcome == Outcomes.Ready || row.Outcome == Outcomes.Up),
            }).ToListAsync(token), ct);
        return counts.ToFrozenDictionary(
            count => count.Version, count => new RecentBoots(count.Began, count.Succeeded), StringComparer.Ordinal);
    }

    private bool HasFiles(string image, string version) =>
        images.Images.GetValueOrDefault(image)?.Versions.GetValueOrDefault(version)?
            .Recipes.Any(recipe => recipe.Files is not null) == true;
}
