namespace NetbootServer.Storage;

/// <summary>
/// What a transaction changes, collected while it runs (<see cref="NetbootDb.Changes"/>) and handed to every
/// <see cref="ChangeFollower"/> after its commit.
/// </summary>
/// <remarks>
/// <code>
/// tracked rows ── SaveChanges ──► ChangedRows of the row's type ──┐
/// prepared and bulk statements ── notes of their own ─────────────┼──► Changes
/// bulk statements without a note ──► everything of that kind ─────┘       │ commit
///                                        caches ► catalogs ► events ► work
/// </code>
/// It is not thread-safe: a transaction has one writer.
/// </remarks>
public sealed class Changes
{
    /// <summary>More resources of one kind than this count as all of that kind.</summary>
    public const int MostOfAKind = 4096;

    private static readonly HashSet<string> None = [];

    /// <summary>The names by kind; null stands for all of the kind.</summary>
    private readonly Dictionary<string, HashSet<string>?> _names = new(StringComparer.Ordinal);
    private readonly HashSet<object> _staleKeys = [];
    private readonly List<Renaming> _renamings = [];
    private readonly HashSet<string> _noted = new(StringComparer.Ordinal), _written = new(StringComparer.Ordinal);
    private bool _deriving;

    /// <summary>Keys of caches whose entries are stale; the type of a key says which cache it belongs to.</summary>
    public IReadOnlySet<object> StaleKeys => _staleKeys;

    /// <summary>Resources that got other names.</summary>
    public IReadOnlyList<Renaming> Renamings => _renamings;

    /// <summary>Whether nothing changed that anything follows.</summary>
    public bool IsEmpty => _names.Count == 0 && _staleKeys.Count == 0 && _renamings.Count == 0;

    /// <summary>A resource was made, changed or removed.</summary>
    /// <param name="kind">One of <see cref="ChangeKinds"/>.</param>
    /// <param name="name">Its name, or its id where it has none.</param>
    public void Add(string kind, string name)
    {
        if (!_deriving) _noted.Add(kind);
        if (!_names.TryGetValue(kind, out var names)) _names[kind] = names = new(StringComparer.Ordinal);
        if (names is not null && names.Add(name) && names.Count > MostOfAKind) _names[kind] = null;
    }

    /// <summary>Any number of resources of a kind changed: followers load all of them again.</summary>
    public void AddAll(string kind)
    {
        if (!_deriving) _noted.Add(kind);
        _names[kind] = null;
    }

    /// <summary>A cache's entry is stale.</summary>
    public void AddStale(object key) => _staleKeys.Add(key);

    /// <summary>
    /// The bulk statements of this transaction change rows of a kind that nothing follows, such as the oldest ones of a
    /// long history.
    /// </summary>
    public void AddNothing(string kind) => _noted.Add(kind);

    /// <summary>Whether a resource of a kind changed.</summary>
    public bool Has(string kind) => _names.ContainsKey(kind);

    /// <summary>Whether so many of a kind changed that they are not named.</summary>
    public bool HasAll(string kind) => _names.TryGetValue(kind, out var names) && names is null;

    /// <summary>The changed resources of a kind; empty when <see cref="HasAll"/>.</summary>
    public IReadOnlySet<string> Names(string kind) => _names.GetValueOrDefault(kind) ?? None;

    internal void Add(Renaming renaming) => _renamings.Add(renaming);

    /// <summary>Adds what another transaction changed.</summary>
    internal void Add(Changes other)
    {
        foreach (var (kind, names) in other._names)
            if (names is null) AddAll(kind);
            else
                foreach (var name in names) Add(kind, name);
        _staleKeys.UnionWith(other._staleKeys);
        _renamings.AddRange(other._renamings);
    }

    /// <summary>While a <see cref="ChangedRows"/> adds what it derives: that is no note of a bulk statement.</summary>
    internal async ValueTask DeriveAsync(Func<ValueTask> derive)
    {
        _deriving = true;
        try
        {
            await derive();
        }
        finally
        {
            _deriving = false;
        }
    }

    /// <summary>A prepared or bulk statement wrote rows of a kind.</summary>
    internal void Written(string kind) => _written.Add(kind);

    /// <summary>
    /// Ends the collecting: a kind that was written by statements without a note changed as a whole.
    /// </summary>
    /// <returns>These kinds; the code that wrote them lacks a note.</returns>
    internal IReadOnlyList<string> Complete()
    {
        List<string> missing = [.. _written.Except(_noted)];
        foreach (var kind in missing) AddAll(kind);
        return missing;
    }
}

/// <summary>The kinds of resources in <see cref="Changes"/>.</summary>
public static class ChangeKinds
{
    /// <summary>A machine, by name.</summary>
    public const string Machine = "machine";

    /// <summary>A profile, by name.</summary>
    public const string Profile = "profile";

    /// <summary>An image or one of its versions, by the image's name.</summary>
    public const string Image = "image";

    /// <summary>What an admin set of an image, or the image as a whole, by name.</summary>
    public const string ImageSpec = "image-spec";

    /// <summary>A boot, by id.</summary>
    public const string Boot = "boot";

    /// <summary>A job, by id.</summary>
    public const string Job = "job";

    /// <summary>An alarm, by id.</summary>
    public const string Alarm = "alarm";

    /// <summary>A blob, by digest.</summary>
    public const string Blob = "blob";

    /// <summary>Tokens and sessions; they are not named.</summary>
    public const string Credential = "credential";
}
