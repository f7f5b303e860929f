using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>
/// The known blobs by digest: a bounded cache over the database. Digests that are not known are cached, too, so that
/// asking for them costs no query each; every change updates the cache.
/// </summary>
public sealed class BlobIndex : IDisposable
{
    private readonly Database _database;
    private readonly BlobFiles _files;
    private readonly MemoryCache _entries;
    private readonly Lock _lock = new();
    private long _changes;
    private volatile FrozenSet<Sha256Digest>? _outOfService;

    internal BlobIndex(Database database, BlobFiles files, IOptions<BlobsOptions> options)
    {
        (_database, _files) = (database, files);
        _entries = new(new MemoryCacheOptions { SizeLimit = options.Value.MaxCachedEntries });
    }

    /// <summary>How many digests are remembered, known and unknown.</summary>
    internal int Count => _entries.Count;

    /// <summary>The blob; null when there is none.</summary>
    public ValueTask<BlobEntry?> FindAsync(Sha256Digest digest, CancellationToken ct) =>
        _entries.TryGetValue(digest, out BlobEntry? entry) ? new(entry) : new(LoadAsync(digest, ct));

    private async Task<BlobEntry?> LoadAsync(Sha256Digest digest, CancellationToken ct)
    {
        var name = digest.ToString();
        while (true)
        {
            var changes = Volatile.Read(ref _changes);
            var row = await _database.ReadAsync(
                (db, c) => db.Set<BlobRow>().FirstOrDefaultAsync(blob => blob.Sha256 == name, c), ct);
            var entry = row is null ? null : BlobEntry.From(row, _files);
            if (Remember(changes, () => Cache(digest, entry))) return entry;
        }
    }

    private void Cache(Sha256Digest digest, BlobEntry? entry) =>
        _entries.Set(digest, entry, new MemoryCacheEntryOptions
        {
            Size = 1 + (entry?.Segments.Length ?? 0),
            // Anybody can ask for digests that do not exist: those make room first.
            Priority = entry is null ? CacheItemPriority.Low : CacheItemPriority.High,
        });

    /// <summary>Keeps what was read unless something has changed since the reading began.</summary>
    private bool Remember(long changes, Action keep)
    {
        lock (_lock)
        {
            if (changes != _changes) return false;
            keep();
            return true;
        }
    }

    /// <summary>
    /// The blob may be served: neither it nor a blob it is composed of is known to be rotten. Whether the bytes are on
    /// the disk is another question.
    /// </summary>
    public async ValueTask<bool> IsInServiceAsync(BlobEntry entry, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var rotten = _outOfService ?? await LoadOutOfServiceAsync(ct);
        return rotten.Count == 0 || !(rotten.Contains(entry.Digest)
            || entry.Segments.Any(segment => segment.Blob is { } part && rotten.Contains(part)));
    }

    private async Task<FrozenSet<Sha256Digest>> LoadOutOfServiceAsync(CancellationToken ct)
    {
        while (true)
        {
            var changes = Volatile.Read(ref _changes);
            var names = await _database.ReadAsync((db, c) => db.Set<BlobRow>()
                .Where(blob => blob.OutOfServiceSince != null).Select(blob => blob.Sha256).ToListAsync(c), ct);
            var rotten = names.Select(BlobRow.DigestOf).ToFrozenSet();
            if (Remember(changes, () => _outOfService = rotten)) return rotten;
        }
    }

    /// <summary>Blobs were added, changed or removed, here or by another replica.</summary>
    public void Follow(Changes changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        lock (_lock)
        {
            _changes++;
            if (changes.HasAll(ChangeKinds.Blob)) _entries.Clear();
            else
                foreach (var digest in changes.StaleKeys.OfType<Sha256Digest>()) _entries.Remove(digest);
            _outOfService = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _entries.Dispose();
}
