using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>Makes jobs follow a resource's new name, unless one runs for it.</summary>
internal sealed class JobReferrer(JobWorks works) : IReferrer
{
    /// <summary>Jobs that run for a resource: they have begun under its name.</summary>
    public async Task<IReadOnlyList<string>> RenameBlockersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct)
    {
        var kinds = works.KindsFor(kind);
        return await db.Set<JobRow>()
            .Where(row => kinds.Contains(row.Kind) && row.Subject == name && row.State == JobStates.Running)
            .Select(row => "job " + row.Id + ", which runs").ToListAsync(ct);
    }

    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        var kinds = works.KindsFor(renaming.Kind);
        var jobs = db.Set<JobRow>().Where(row => kinds.Contains(row.Kind) && row.Subject == renaming.From);
        foreach (var waiting in await jobs.Where(row => row.EndedAt == null).ToListAsync(ct))
            waiting.ActiveKey = new JobKey(waiting.Kind, renaming.To).Text;
        await db.SaveChangesAsync(ct);
        if (await jobs.ExecuteUpdateAsync(set => set.SetProperty(row => row.Subject, renaming.To), ct) > 0)
            db.Changes.AddAll(ChangeKinds.Job);
    }
}
