using System.Collections.Concurrent;
using System.Collections.Immutable;
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

    /// <summary>
    /// Fetches a path with all that it needs, when there is room for what is not here yet; the first failure ends the
    /// others.
    /// </summary>
    /// <param name="closure">What <see cref="ClosureAsync"/> answered.</param>
    /// <param name="ct">Stops it.</param>
    public async Task FetchAllAsync(ImmutableArray<PathInfo> closure, CancellationToken ct)
    {
        var (count, bytes) = (0, 0L);
        foreach (var info in closure)
            if (!await blobs.HasAsync(info.NarHash.Digest, ct)) (count, bytes) = (count + 1, bytes + info.NarSize);
        meter.Log($"{closure[0].Path} needs {closure.Length} store paths; {count} of them, " +
            $"{SourceText.Bytes(bytes)} unpacked, are not here yet");
        await blobs.CheckCapacityAsync(bytes, here: 0, ct);
        await SideBySideAsync(closure.Select(info => info.Path), 1, FetchAsync, ct);
    }

    private Task SideBySideAsync(
        IEnumerable<StorePath> paths, int times, Func<StorePath, CancellationToken, Task> work, CancellationToken ct) =>
        Parallel.ForEachAsync(paths,
            new ParallelOptions { MaxDegreeOfParallelism = options.ParallelPaths * times, CancellationToken = ct },
            async (path, c) => await work(path, c));

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
        await store.StoreNarAsync(info, stream => new NarTap(stream, new NarReader(info.NarSize, entries.Add)), ct);
        return new NarListing(entries.DrainToImmutable());
    }

    private void Count(PathInfo info)
    {
        if (info.NarSize > options.MaxArtifactBytes)
            throw new SourceException(SourceProblems.TooLarge, $"{info.Path} has {info.NarSize} bytes; at most " +
                $"{options.MaxArtifactBytes} are allowed (Images:MaxArtifactBytes).");
        if (Interlocked.Add(ref _totalBytes, info.NarSize) > options.MaxVersionBytes)
            throw new SourceException(SourceProblems.TooLarge, $"The store paths have more than " +
                $"{options.MaxVersionBytes} bytes together (Images:MaxVersionBytes).");
    }
}
