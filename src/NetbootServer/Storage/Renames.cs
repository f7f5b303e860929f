namespace NetbootServer.Storage;

/// <summary>A resource gets another name.</summary>
/// <param name="Kind">machine, profile or image.</param>
/// <param name="Id">Its row key.</param>
/// <param name="From">The old name.</param>
/// <param name="To">The new name.</param>
/// <param name="Since">When the resource was made: what is older meant another one of the old name.</param>
public sealed record Renaming(string Kind, long Id, string From, string To, DateTimeOffset Since);

/// <summary>Names what must end before a resource can be renamed, inside the caller's transaction.</summary>
public delegate Task<IReadOnlyList<string>> RenameBlockers(NetbootDb db, string kind, string name,
    CancellationToken ct);

/// <summary>Makes references follow a new name, inside the caller's transaction.</summary>
public delegate Task RenameFollowing(NetbootDb db, Renaming renaming, CancellationToken ct);

/// <summary>
/// Gives resources other names. Each feature registers what refers to others by name, and makes it follow.
/// </summary>
public sealed class Renames(IEnumerable<RenameBlockers> blockers, IEnumerable<RenameFollowing> following)
{
    /// <summary>What must end before the resource can be renamed; empty: nothing.</summary>
    public async Task<IReadOnlyList<string>> BlockersOfAsync(NetbootDb db, string kind, string name,
        CancellationToken ct)
    {
        var all = new List<string>();
        foreach (var ask in blockers) all.AddRange(await ask(db, kind, name, ct));
        return all;
    }

    /// <summary>
    /// Makes all references follow, inside the caller's transaction, when nothing can refuse it any more.
    /// </summary>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        foreach (var follow in following) await follow(db, renaming, ct);
        db.Changes.Add(renaming);
    }
}
