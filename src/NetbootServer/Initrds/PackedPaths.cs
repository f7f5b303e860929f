using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;
using NetbootServer.Nix.Stores;
using NetbootServer.Storage;

namespace NetbootServer.Initrds;

/// <summary>
/// The store paths that are packed as members of initrds, shared by all images: each is packed once, by its NAR hash
/// and <see cref="PackedStorePath.Format"/>, and kept within <see cref="InitrdsOptions.CacheBytes"/>.
/// </summary>
public sealed class PackedPaths : IDisposable
{
    private const int RowsAtOnce = 500;

    private readonly Database _database;
    private readonly SourceBlobs _blobs;
    private readonly InitrdMetrics _metrics;
    private readonly InitrdsOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<StorePath, Lazy<SemaphoreSlim>> _packing = new();
    private readonly SemaphoreSlim _packers = new(Environment.ProcessorCount);

    internal PackedPaths(Database database, SourceBlobs blobs, InitrdMetrics metrics, IOptions<InitrdsOptions> options,
        TimeProvider time) =>
        (_database, _blobs, _metrics, _options, _time) = (database, blobs, metrics, options.Value, time);

    /// <summary>
    /// Every path of a closure, packed: what is not there yet is read and packed, as many at once as there are
    /// processors. The first failure ends the others; what is packed by then stays for the next try.
    /// </summary>
    /// <param name="paths">Where the NARs come from.</param>
    /// <param name="closure">The closure.</param>
    /// <param name="meter">Counts a step a path.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The packed paths in the order of <paramref name="closure"/>.</returns>
    /// <exception cref="SourceException">A path cannot be had, is damaged, or there is no room.</exception>
    public async Task<ImmutableArray<PackedPath>> PackAsync(StorePaths paths, ImmutableArray<PathInfo> closure,
        SourceMeter meter, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(meter);
        paths.CheckSize(closure);
        var packed = new ConcurrentDictionary<StorePath, PackedPath>(await FindAsync(closure, ct));
        var missing = closure.Where(info => !packed.ContainsKey(info.Path)).ToList();
        _metrics.Reused(closure.Length - missing.Count);
        meter.Log($"{closure[0].Path} needs {closure.Length} store paths; {missing.Count} of them, " +
            $"{SourceText.Bytes(missing.Sum(info => info.NarSize))} unpacked, are not packed yet");
        meter.ExpectSteps(missing.Count);
        await Parallel.ForEachAsync(missing, new ParallelOptions
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = ct,
        }, async (info, c) =>
        {
            packed[info.Path] = await PackAsync(paths, info, c);
            meter.AddSteps(1);
        });
        await UseAsync(closure, ct);
        return [.. closure.Select(info => packed[info.Path])];
    }

    /// <summary>Two refreshes that need the same path pack it once.</summary>
    private async Task<PackedPath> PackAsync(StorePaths paths, PathInfo info, CancellationToken ct)
    {
        var alone = _packing.GetOrAdd(info.Path, _ => new(() => new SemaphoreSlim(1, 1))).Value;
        await alone.WaitAsync(ct);
        try
        {
            if ((await FindAsync([info], ct)).TryGetValue(info.Path, out var packed)) return packed;
            await _packers.WaitAsync(ct);
            try
            {
                return await PackNowAsync(paths, info, ct);
            }
            finally
            {
                _packers.Release();
            }
        }
        finally
        {
            alone.Release();
            _packing.TryRemove(info.Path, out _); // a later one begins anew, and finds the row
        }
    }

    private async Task<PackedPath> PackNowAsync(StorePaths paths, PathInfo info, CancellationToken ct)
    {
        PackedPath? packed = null;
        await paths.ReadNarAsync(info, async (nar, what, c) =>
        {
            await using var packing = new PackedStorePath(nar, info);
            var blob = await _blobs.AddAsync(packing, new BlobLimits(), what, c);
            packed = new PackedPath(info.Path, blob.Digest, blob.Length, packing.Programs);
        }, ct);
        await SaveAsync(info, packed!, ct);
        _metrics.Packed();
        return packed!;
    }

    private Task SaveAsync(PathInfo info, PackedPath packed, CancellationToken ct) => _database.WriteAsync(
        async (db, c) =>
        {
            var (path, nar) = (info.Path.BaseName, info.NarHash.Digest.ToString());
            var row = await db.Set<PackedPathRow>()
                .FirstOrDefaultAsync(known => known.Path == path && known.NarSha256 == nar
                    && known.Format == PackedStorePath.Format, c);
            if (row is null)
            {
                row = new PackedPathRow
                {
                    Path = path, NarSha256 = nar, Format = PackedStorePath.Format, Sha256 = "", Programs = "",
                };
                db.Add(row);
            }
            (row.Sha256, row.SizeBytes) = (packed.Blob.ToString(), packed.SizeBytes);
            (row.Programs, row.UsedAt) = (string.Join(' ', packed.Programs), _time.GetUtcNow());
            return row;
        }, ct);

    /// <summary>Those of the paths that are packed, with their bytes whole and in service.</summary>
    private async Task<Dictionary<StorePath, PackedPath>> FindAsync(ImmutableArray<PathInfo> closure,
        CancellationToken ct)
    {
        var found = new Dictionary<StorePath, PackedPath>();
        foreach (var some in closure.Chunk(RowsAtOnce))
        {
            var infos = some.ToDictionary(info => info.Path.BaseName, StringComparer.Ordinal);
            var names = infos.Keys.ToList();
            var rows = await _database.ReadAsync((db, c) => db.Set<PackedPathRow>()
                .Where(row => names.Contains(row.Path) && row.Format == PackedStorePath.Format).ToListAsync(c), ct);
            foreach (var row in rows)
            {
                var info = infos[row.Path];
                if (row.NarSha256 != info.NarHash.Digest.ToString()
                    || !Sha256Digest.TryParse(row.Sha256, out var blob) || !await _blobs.HasAsync(blob, ct)) continue;
                found[info.Path] = new(info.Path, blob, row.SizeBytes,
                    [.. row.Programs.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
            }
        }
        return found;
    }

    private async Task UseAsync(ImmutableArray<PathInfo> closure, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        foreach (var some in closure.Chunk(RowsAtOnce))
        {
            var names = some.Select(info => info.Path.BaseName).ToList();
            await _database.WriteAsync((db, c) => db.Set<PackedPathRow>().Where(row => names.Contains(row.Path))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), c), ct);
        }
    }

    /// <summary>
    /// Forgets packed paths beyond <see cref="InitrdsOptions.CacheBytes"/>, the longest unused first, never one in use.
    /// Their blobs are left to be collected.
    /// </summary>
    /// <param name="used">Digests of the blobs in use, in hexadecimal.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <returns>How many were forgotten.</returns>
    /// <remarks>The caller keeps refreshes away meanwhile.</remarks>
    public async Task<int> EvictAsync(Func<NetbootDb, IQueryable<string>> used, CancellationToken ct)
    {
        var evicted = await _database.ReadAsync((db, c) => SurplusAsync(db, used(db), c), ct);
        foreach (var some in evicted.Chunk(RowsAtOnce))
            await _database.WriteAsync(async (db, c) =>
            {
                foreach (var row in some)
                    await db.Set<PackedPathRow>().Where(known => known.Path == row.Path
                        && known.NarSha256 == row.NarSha256 && known.Format == row.Format).ExecuteDeleteAsync(c);
                return some.Length;
            }, ct);
        return evicted.Count;
    }

    private async Task<List<PackedPathRow>> SurplusAsync(NetbootDb db, IQueryable<string> used, CancellationToken ct)
    {
        var surplus = await db.Set<PackedPathRow>().SumAsync(row => row.SizeBytes, ct) - _options.CacheBytes;
        if (surplus <= 0) return [];
        var unused = await db.Set<PackedPathRow>().AsNoTracking().Where(row => !used.Contains(row.Sha256))
            .OrderBy(row => row.UsedAt).ToListAsync(ct);
        return [.. unused.TakeWhile(row => (surplus -= row.SizeBytes) + row.SizeBytes > 0)];
    }

    /// <inheritdoc/>
    public void Dispose() => _packers.Dispose();
}
