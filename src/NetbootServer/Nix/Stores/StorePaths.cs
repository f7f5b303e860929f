using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>
/// The store paths of one refresh: each is asked for once and fetched once, a few side by side; what an earlier
/// version has brought is used again.
/// </summary>
/// <param name="store">Where they come from.</param>
/// <param name="blobs">Where their NARs go.</param>
/// <param name="meter">Counts them.</param>
/// <param name="options">How many side by side, and how large they may be.</param>
public sealed class StorePaths(INixStore store, SourceBlobs blobs, SourceMeter meter, SourcesOptions options)
{
    private const int MaxPaths = 200_000;
    private const int QuestionsPerFetch = 4; // a narinfo is small: what it costs is the way there and back

    private readonly ConcurrentDictionary<StorePath, Lazy<Task<PathInfo>>> _infos = new();
    private readonly ConcurrentDictionary<StorePath, Lazy<Task<StoredPath>>> _stored = new();
    private readonly ConcurrentDictionary<StorePath, bool> _counted = new();
    private long _totalBytes;

    /// <summary>What the store knows of a path.</summary>
    public Task<PathInfo> InfoAsync(StorePath path, CancellationToken ct) =>
        _infos.GetOrAdd(path, _ => new(() => store.InfoAsync(path, ct))).Value;

    /// <summary>A path and all that it needs, the path first.</summary>
    /// <exception cref="SourceException">One of them is not there, or there are too many.</exception>
    public async Task<ImmutableArray<PathInfo>> ClosureAsync(StorePath root, CancellationToken ct)
    {
        var found = new ConcurrentDictionary<StorePath, PathInfo>();
        for (StorePath[] next = [root]; next.Length > 0;)
        {
            await SideBySideAsync(next, QuestionsPerFetch, async (path, c) => found[path] = await InfoAsync(path, c),
                ct);
            next = [.. next.SelectMany(path => found[path].References).Distinct()
                .Where(path => !found.ContainsKey(path))];
            if (found.Count + next.Length > MaxPaths)
                throw new SourceException(SourceProblems.TooLarge, $"{root} needs more than {MaxPaths} store paths.");
        }
        return [found[root], .. found.Values.Where(info => info.Path != root).OrderBy(info => info.Path)];
    }

    /// <summary>Fetches a path, unless its NAR is stored already.</summary>
    public Task<StoredPath> FetchAsync(StorePath path, CancellationToken ct) =>
        _stored.GetOrAdd(path, _ => new(() => StoreAsync(path, ct))).Value;

    private Task SideBySideAsync(
        IEnumerable<StorePath> paths, int times, Func<StorePath, CancellationToken, Task> work, CancellationToken ct) =>
        Parallel.ForEachAsync(paths,
            new ParallelOptions { MaxDegreeOfParallelism = options.ParallelPaths * times, CancellationToken = ct },
            async (path, c) => await work(path, c));

    /// <summary>
    /// Reads a path's NAR without storing it: from its blob when an earlier version has brought it, else from the
    /// store.
    /// </summary>
    public async Task ReadNarAsync(PathInfo info, Func<Stream, string, CancellationToken, Task> read,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(read);
        if (!await blobs.HasAsync(info.NarHash.Digest, ct))
        {
            meter.Log($"fetching {info.Path} from {store.Name}");
            await store.ReadNarAsync(info, read, ct);
            return;
        }
        await using var nar = blobs.OpenBlob(info.NarHash.Digest);
        await read(nar, info.Path.ToString(), ct);
    }

    /// <summary>Makes sure that a closure is no larger than a version may be.</summary>
    /// <exception cref="SourceException">It is.</exception>
    public void CheckSize(ImmutableArray<PathInfo> closure)
    {
        foreach (var info in closure) Count(info);
    }

    private async Task<StoredPath> StoreAsync(StorePath path, CancellationToken ct)
    {
        var info = await InfoAsync(path, ct);
        Count(info);
        meter.ExpectSteps(1);
        var listing = await blobs.ListAsync(info, ct) ?? await FetchAsync(info, ct);
        meter.AddSteps(1);
        return new StoredPath(info, listing);
    }

    private async Task<NarListing> FetchAsync(PathInfo info, CancellationToken ct)
    {
        await blobs.CheckCapacityAsync(info.NarSize, here: 0, ct);
        meter.Log($"fetching {info.Path} from {store.Name}");
        var entries = ImmutableArray.CreateBuilder<NarEntry>();
        var limits = new BlobLimits { Length = info.NarSize, Digest = info.NarHash.Digest };
        await store.ReadNarAsync(info, async (stream, what, c) =>
        {
            await using var nar = new NarTap(stream, new NarReader(info.NarSize, entries.Add));
            await blobs.AddAsync(nar, limits, what, c);
        }, ct);
        return new NarListing(entries.DrainToImmutable());
    }

    private void Count(PathInfo info)
    {
        if (!_counted.TryAdd(info.Path, true)) return;
        if (info.NarSize > options.MaxArtifactBytes)
            throw new SourceException(SourceProblems.TooLarge, $"{info.Path} has {info.NarSize} bytes; at most " +
                $"{options.MaxArtifactBytes} are allowed (Images:MaxArtifactBytes).");
        if (Interlocked.Add(ref _totalBytes, info.NarSize) > options.MaxVersionBytes)
            throw new SourceException(SourceProblems.TooLarge, $"The store paths have more than " +
                $"{options.MaxVersionBytes} bytes together (Images:MaxVersionBytes).");
    }
}
