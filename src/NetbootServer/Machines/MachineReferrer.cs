using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Machines refer to profiles, and to images by the versions that they pin.</summary>
internal sealed class MachineReferrer(IOptions<MachinesOptions> options) : IReferrer
{
    private const int BatchSize = 500, MaxNamed = 100;

    /// <summary>At most a hundred machines.</summary>
    public async Task<IReadOnlyList<string>> UsersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct) => kind switch
        {
            "image" => await MachineReferences.UsersOfImageAsync(db, name, ct),
            "profile" => await db.Set<MachineRow>().Where(row => row.Profile == name || row.NextBootProfile == name)
                .OrderBy(row => row.Name).Take(MaxNamed).Select(row => "machine " + row.Name).ToListAsync(ct),
            _ => [],
        };

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> RenameBlockersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct)
    {
        if (kind != "profile") return [];
        var declared = await db.Set<MachineRow>().Where(row => row.Profile == name && row.ManagedBy != null)
            .OrderBy(row => row.Name).Take(MaxNamed).Select(row => $"machine {row.Name} in {row.ManagedBy}")
            .ToListAsync(ct);
        return options.Value.Unknown == name ? ["the setting Machines:Unknown", .. declared] : declared;
    }

    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        // Names have no character that JSON would escape, and these columns have one member of the name each.
        var (from, to) = ($"\"{renaming.Kind}\":\"{renaming.From}\"", $"\"{renaming.Kind}\":\"{renaming.To}\"");
        var machines = db.Set<MachineRow>();
        if (renaming.Kind != "machine") db.Changes.AddAll(ChangeKinds.Machine); // any number of them refer to it
        if (renaming.Kind == "image")
            await machines.Where(row => row.LastBoot != null && row.LastBoot.Contains(from)).ExecuteUpdateAsync(set =>
                set.SetProperty(row => row.LastBoot, row => row.LastBoot!.Replace(from, to)), ct);
        if (renaming.Kind != "profile") return;
        await machines.Where(row => row.NextBootProfile == renaming.From).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.NextBoot, row => row.NextBoot!.Replace(from, to))
            .SetProperty(row => row.NextBootProfile, renaming.To), ct);
        await machines.Where(row => row.Completion != null && row.Completion.Contains(from)).ExecuteUpdateAsync(set =>
            set.SetProperty(row => row.Completion, row => row.Completion!.Replace(from, to)), ct);
        await FollowProfileAsync(db, renaming, ct);
    }

    private static async Task FollowProfileAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        await using var update = PreparedRows<MachineRow>.Update(db);
        for (long last = 0; ;)
        {
            var rows = await db.Set<MachineRow>().AsNoTracking()
                .Where(row => row.Profile == renaming.From && row.Id > last)
                .OrderBy(row => row.Id).Take(BatchSize).ToListAsync(ct);
            if (rows.Count == 0) return;
            foreach (var row in rows)
            {
                row.WriteSpec(row.ReadSpec() with { Profile = renaming.To });
                row.Revision++;
                await update.RunAsync(row, ct);
            }
            last = rows[^1].Id;
        }
    }
}
