using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>When images whose last refresh failed are refreshed again, beside their schedules.</summary>
internal sealed class ImageRetries(Database database)
{
    /// <summary>Sets the moment; null for none. An image that is gone has none.</summary>
    public Task SetAsync(string image, DateTimeOffset? at, CancellationToken ct) =>
        database.ChangeAsync(async (db, token) =>
        {
            var row = await db.Set<ImageRow>().SingleOrDefaultAsync(row => row.Name == image, token);
            row?.RetryAt = at;
            return row;
        }, ct);
}
