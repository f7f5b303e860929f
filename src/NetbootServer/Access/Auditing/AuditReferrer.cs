using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Access.Auditing;

/// <summary>Makes audit entries about a resource follow its new name.</summary>
internal sealed class AuditReferrer : IReferrer
{
    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        var (from, to) = (renaming.From, renaming.To);
        string[] kinds = renaming.Kind switch
        {
            "machine" => ["machine", "next-boot", "completion", "reference", "release"],
            "image" => ["image", "current", "refresh"],
            _ => [renaming.Kind],
        };
        await db.Set<AuditRow>()
            .Where(row => kinds.Contains(row.Kind) && row.Name == from && row.At >= renaming.Since)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, to), ct);
        if (renaming.Kind != "image") return;
        var versions = from + "@%"; // names have no character that LIKE minds
        await db.Set<AuditRow>()
            .Where(row => row.Kind == "version" && EF.Functions.Like(row.Name, versions) && row.At >= renaming.Since)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, row => row.Name.Replace(from + "@", to + "@")),
                ct);
    }
}
