using System.Collections.Immutable;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Sources.Layouts;

/// <summary>
/// A store path as a folder. A link that leads to another store path is followed only if the path that has the link
/// refers to that one; then its NAR is fetched, and no others: an installer's folder of links needs a kernel and an
/// initrd, not the whole system that is in them.
/// </summary>
internal sealed class StoreTree : IFileTree
{
    private const int MaxLinks = 40;
    private const int MaxTextBytes = 64 * 1024;

    private readonly StorePaths _paths;
    private readonly SourceBlobs _blobs;
    private readonly StoredPath _root;

    private StoreTree(StorePaths paths, SourceBlobs blobs, StoredPath root) =>
        (_paths, _blobs, _root) = (paths, blobs, root);

    /// <summary>NARs whose ranges have become blobs; they must be kept as long as those.</summary>
    public HashSet<Sha256Digest> Used { get; } = [];

    public string Name => _root.Info.Path.ToString();

    /// <summary>A store path that is a single file counts as a folder with that file alone.</summary>
    public ImmutableArray<string> Names => _root.Listing.Entries[0].Kind == NarKind.Folder
        ? [.. _root.Listing.Children("").Select(entry => entry.Path)]
        : [_root.Info.Path.Name];

    /// <summary>Fetches a store path and opens it.</summary>
    public static async Task<StoreTree> OpenAsync(StorePaths paths, SourceBlobs blobs, StorePath root,
        CancellationToken ct) =>
        new(paths, blobs, await paths.FetchAsync(root, ct));

    public async Task<StoredBlob> StoreAsync(string name, Func<BootFile, string?> judge, CancellationToken ct)
    {
        var (path, entry) = await FindAsync(name, ct);
        var nar = path.Info.NarHash.Digest;
        var blob = await _blobs.ComposeAsync(nar, entry.Offset, entry.Size, ct);
        if (judge(blob.File) is { } complaint)
            throw new SourceException(SourceProblems.NotBootable, $"{path.Info.Path}/{entry.Path}: {complaint}");
        Used.Add(nar);
        return blob;
    }

    public async Task<string> ReadTextAsync(string name, CancellationToken ct)
    {
        var (path, entry) = await FindAsync(name, ct);
        if (entry.Size > MaxTextBytes)
            throw new SourceException(SourceProblems.NotBootable,
                $"{path.Info.Path}/{entry.Path} has {entry.Size} bytes; a text was expected.");
        return Encoding.UTF8.GetString(
            await _blobs.ReadAsync(path.Info.NarHash.Digest, entry.Offset, (int)entry.Size, ct));
    }

    /// <summary>The first bytes of a file; links are followed.</summary>
    /// <exception cref="SourceException">It is not there.</exception>
    public async Task<byte[]> ReadHeadAsync(string name, int length, CancellationToken ct)
    {
        var (path, entry) = await FindAsync(name, ct);
        return await _blobs.ReadAsync(path.Info.NarHash.Digest, entry.Offset, (int)Math.Min(length, entry.Size), ct);
    }

    public async Task<string> ResolveAsync(string name, CancellationToken ct)
    {
        var at = Begin(name);
        for (var links = 0; links < MaxLinks; links++)
        {
            at = await InParentAsync(at, ct);
            var entry = at.Path.Listing.Find(at.Below) ?? throw Missing(name, at);
            // The system's own path is what its initrd knows; what that links to in turn is its own matter.
            if (entry.Kind != NarKind.Link
                || at.Path.Info.Path.Name.StartsWith("nixos-system-", StringComparison.Ordinal))
                return at.ToString();
            at = await FollowAsync(at, entry, ct);
        }
        throw Endless(name);
    }

    /// <summary>Finds a file behind any number of links.</summary>
    private async Task<(StoredPath Path, NarEntry Entry)> FindAsync(string name, CancellationToken ct)
    {
        var at = Begin(name);
        for (var links = 0; links < MaxLinks; links++)
        {
            at = await InParentAsync(at, ct);
            var entry = at.Path.Listing.Find(at.Below) ?? throw Missing(name, at);
            if (entry.Kind is NarKind.File or NarKind.Executable) return (at.Path, entry);
            if (entry.Kind == NarKind.Folder)
                throw new SourceException(SourceProblems.NotBootable, $"{at} is a folder, not a file.");
            at = await FollowAsync(at, entry, ct);
        }
        throw Endless(name);
    }

    private Place Begin(string name) => new(_root, _root.Listing.Entries[0].Kind == NarKind.Folder ? name : "");

    /// <summary>Follows links in the folders above, so that only the last part may still be one.</summary>
    private async Task<Place> InParentAsync(Place at, CancellationToken ct)
    {
        for (var links = 0; links < MaxLinks; links++)
        {
            var parts = at.Below.Split('/');
            var link = Enumerable.Range(1, parts.Length - 1).Select(count => string.Join('/', parts[..count]))
                .Select(at.Path.Listing.Find).FirstOrDefault(entry => entry?.Kind == NarKind.Link);
            if (link is null) return at;
            var target = await FollowAsync(at with { Below = link.Path }, link, ct);
            at = target with { Below = $"{target.Below}{at.Below[link.Path.Length..]}".Trim('/') };
        }
        throw Endless(at.Below);
    }

    private async Task<Place> FollowAsync(Place at, NarEntry link, CancellationToken ct)
    {
        var info = at.Path.Info;
        var folder = at.ToString()[..at.ToString().LastIndexOf('/')];
        var target = Normalise(link.Target!.StartsWith('/') ? link.Target : $"{folder}/{link.Target}");
        if (!StorePath.TrySplit(target, out var path, out var below))
            throw new SourceException(SourceProblems.NotBootable,
                $"{at} is a link to '{SourceText.Quote(link.Target)}', which is outside of {StorePath.Folder}.");
        if (path == info.Path) return at with { Below = below };
        if (!info.References.Contains(path))
            throw new SourceException(SourceProblems.NotBootable,
                $"{at} is a link into '{SourceText.Quote(path.ToString())}', which {info.Path} does not refer to.");
        return new Place(await _paths.FetchAsync(path, ct), below);
    }

    private static string Normalise(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            else if (part is not ("." or "..")) parts.Add(part);
        }
        return "/" + string.Join('/', parts);
    }

    private static SourceException Missing(string name, Place at) => new(SourceProblems.NotBootable,
        $"There is no {name}: {at} does not exist.");

    private SourceException Endless(string name) => new(SourceProblems.NotBootable,
        $"{Name}/{name} is a link to a link, more than {MaxLinks} times.");

    private sealed record Place(StoredPath Path, string Below)
    {
        public override string ToString() => Below.Length == 0 ? Path.Info.Path.ToString()
            : $"{Path.Info.Path}/{Below}";
    }
}
