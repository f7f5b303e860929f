using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Makes alarms follow the new name of what they concern.</summary>
internal sealed class AlarmReferrer : IReferrer
{
    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        string[] kinds = renaming.Kind switch
        {
            "machine" =>
            [
                AlarmKinds.IdentityContradiction, AlarmKinds.ManyContradictions, AlarmKinds.MacOnTwoAddresses,
                AlarmKinds.SecretRefused, AlarmKinds.SecretsClaimedTwice, AlarmKinds.SecretsWithheld,
            ],
            "profile" => [AlarmKinds.TemplateFailing],
            _ => [AlarmKinds.RefreshFailing],
        };
        var alarms = db.Set<AlarmRow>().Where(row => kinds.Contains(row.Kind));
        foreach (var row in await alarms.Where(row => row.Subject == renaming.From).ToListAsync(ct))
        {
            // One of the new name is about what had that name before.
            db.RemoveRange(await alarms.Where(other => other.Kind == row.Kind && other.Subject == renaming.To)
                .ToListAsync(ct));
            await db.SaveChangesAsync(ct);
            row.Subject = renaming.To;
        }
        await db.SaveChangesAsync(ct);
    }
}
