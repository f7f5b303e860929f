using Microsoft.EntityFrameworkCore;
using NetbootServer.Images;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// The versions whose files machines may still fetch: those of boots under way, and, of versions with further files,
/// those of boots whose kernel was started a while ago, for it is the booted system that fetches these.
/// </summary>
internal sealed class BootingVersions(ImageCatalog images, TimeProvider time)
{
    private static readonly TimeSpan AfterReady = TimeSpan.FromMinutes(15);

    /// <summary>The versions, as (image, version): a <see cref="VersionsInUse"/>.</summary>
    public async Task<IReadOnlySet<(string Image, string Version)>> FindAsync(NetbootDb db, CancellationToken ct)
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

    private bool HasFiles(string image, string version) =>
        images.Images.GetValueOrDefault(image)?.Versions.GetValueOrDefault(version)?
            .Recipes.Any(recipe => recipe.Files is not null) == true;
}
