namespace NetbootServer.Storage;

/// <summary>A resource gets another name.</summary>
/// <param name="Kind">machine, profile or image.</param>
/// <param name="Id">Its row key.</param>
/// <param name="From">The old name.</param>
/// <param name="To">The new name.</param>
/// <param name="Since">When the resource was made: what is older meant another one of the old name.</param>
public sealed record Renaming(string Kind, long Id, string From, string To, DateTimeOffset Since);

/// <summary>
/// A feature whose rows refer to resources of others by name. All of it runs inside the caller's transaction.
/// </summary>
public interface IReferrer
{
    /// <summary>Names what refers to a resource and so forbids its deletion, as <c>machine x</c>.</summary>
    /// <param name="db">The transaction.</param>
    /// <param name="kind">profile or image.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="ct">Ends the reading.</param>
    Task<IReadOnlyList<string>> UsersOfAsync(NetbootDb db, string kind, string name, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Names what must end before a resource can be renamed, likewise; a machine as well.</summary>
    Task<IReadOnlyList<string>> RenameBlockersOfAsync(NetbootDb db, string kind, string name, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Makes the references follow a new name.</summary>
    Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct);
}

/// <summary>
/// What refers to resources by name, in all features: asked before one is deleted or renamed, and made to follow its
/// new name.
/// </summary>
public sealed class References(IEnumerable<IReferrer> referrers)
{
    /// <summary>What refers to the resource, so that it cannot be deleted; empty: nothing.</summary>
    public async Task<IReadOnlyList<string>> UsersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct)
    {
        var all = new List<string>();
        foreach (var referrer in referrers) all.AddRange(await referrer.UsersOfAsync(db, kind, name, ct));
        return all;
    }

    /// <summary>What must end before the resource can be renamed; empty: nothing.</summary>
    public async Task<IReadOnlyList<string>> RenameBlockersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct)
    {
        var all = new List<string>();
        foreach (var referrer in referrers) all.AddRange(await referrer.RenameBlockersOfAsync(db, kind, name, ct));
        return all;
    }

    /// <summary>Makes all references follow, when nothing can refuse the new name any more.</summary>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        foreach (var referrer in referrers) await referrer.FollowAsync(db, renaming, ct);
        db.Changes.Add(renaming);
    }
}
