using Microsoft.EntityFrameworkCore;
using NetbootServer.Events;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>When images whose last refresh failed are refreshed again, beside their schedules.</summary>
internal sealed class ImageRetries(Database database, ImageCatalog catalog, EventHub events)
{
    /// <summary>Sets the moment; null for none. An image that is gone has none.</summary>
    public async Task SetAsync(string image, DateTimeOffset? at, CancellationToken ct)
    {
        var changed = await database.WriteAsync((db, token) => db.Set<ImageRow>().Where(row => row.Name == image)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RetryAt, at), token), ct);
        if (changed == 0) return;
        await catalog.ReloadAsync(CancellationToken.None);
        events.Changed("image", image);
    }
}
