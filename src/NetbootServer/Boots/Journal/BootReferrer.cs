using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Boots.Journal;

/// <summary>Makes boots follow the new names of their machine, profile and image.</summary>
internal sealed class BootReferrer : IReferrer
{
    /// <summary>Boots that pages show of a machine.</summary>
    private const int NewestShown = 20;

    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        var (boots, from, to) = (db.Set<BootRow>(), renaming.From, renaming.To);
        switch (renaming.Kind)
        {
            case "machine":
                var own = boots.Where(boot => boot.MachineId == renaming.Id);
                await own.ExecuteUpdateAsync(set => set.SetProperty(boot => boot.MachineName, to), ct);
                db.Changes.AddNothing(ChangeKinds.Boot);
                // Pages that show its newest boots learn of it; all boots of many machines would be too many.
                if (!db.Changes.HasAll(ChangeKinds.Boot) && !db.Changes.HasAll(ChangeKinds.Machine))
                    foreach (var id in await own.OrderByDescending(boot => boot.StartedAt).Take(NewestShown)
                        .Select(boot => boot.Id).ToListAsync(ct))
                        db.Changes.Add(ChangeKinds.Boot, id);
                return;
            case "profile":
                await boots.Where(boot => boot.Profile == from && boot.StartedAt >= renaming.Since)
                    .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.Profile, to), ct);
                break;
            default:
                await boots.Where(boot => boot.Image == from && boot.StartedAt >= renaming.Since)
                    .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.Image, to), ct);
                break;
        }
        db.Changes.AddAll(ChangeKinds.Boot); // any number of them
    }
}
