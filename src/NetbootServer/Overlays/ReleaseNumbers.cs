using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Overlays;

/// <summary>
/// Numbers what arms releases of secrets and the claims that take them, in the order in which they happen, whatever the
/// clock shows: what has a higher number came later.
/// </summary>
/// <remarks>
/// One counter for all machines and profiles, because a secret of a profile arms a release for each machine that has
/// the profile. Earlier versions compared times: milliseconds since 1970 stand for the numbers of what they wrote, and
/// the counter went on from the highest of them.
/// </remarks>
internal static class ReleaseNumbers
{
    /// <summary>Name of the counter among the server's values; a migration makes it.</summary>
    private const string Name = "secret-releases";

    /// <summary>The next number, in the caller's transaction.</summary>
    public static async Task<long> NextAsync(NetbootDb db, CancellationToken ct) =>
        (await db.Database.SqlQuery<long>($"""
            INSERT INTO "server_values" ("Name", "Value") VALUES ({Name}, '1')
                ON CONFLICT ("Name") DO UPDATE SET "Value" = CAST("Value" AS INTEGER) + 1
                RETURNING CAST("Value" AS INTEGER)
            """).ToListAsync(ct)).Single();

    /// <summary>The number of what an earlier version wrote at this time.</summary>
    public static long Of(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
