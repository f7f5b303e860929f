using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// The open files of blobs: one handle per blob, never per transfer. Those not being sent stay open in a bounded
/// cache, so that a storm of short ranges does not open and close.
/// </summary>
internal sealed class BlobFiles(BlobDirectory directory, IOptions<BlobsOptions> options) : IDisposable
{
    private readonly MemoryCache _idle = new(new MemoryCacheOptions { SizeLimit = options.Value.MaxIdleFiles });
    private readonly Dictionary<Sha256Digest, SharedFile> _open = [];
    private readonly HashSet<Sha256Digest> _blocked = [];
    private readonly Lock _lock = new();

    /// <summary>How many files are open now.</summary>
    public int OpenCount
    {
        get { lock (_lock) return _open.Count; }
    }

    /// <summary>A blob's file is there, whole.</summary>
    public bool Holds(Sha256Digest digest, long length) => directory.Holds(digest, length);

    /// <summary>Becomes a user of a blob's file; null when it is away, not whole or blocked.</summary>
    public SharedFile? Acquire(Sha256Digest digest, long length)
    {
        if (!Holds(digest, length)) return null;
        lock (_lock)
        {
            if (_blocked.Contains(digest)) return null;
            if (_open.TryGetValue(digest, out var file) && file.TryAcquire())
            {
                if (RandomAccess.GetLength(file.Handle) == length)
                {
                    StayOpen(digest, file);
                    return file;
                }
                file.Release(); // it was truncated, then replaced: the handle is of the old one
            }
            return Open(digest, length);
        }
    }

    private SharedFile? Open(Sha256Digest digest, long length)
    {
        try
        {
            var handle = File.OpenHandle(directory.PathOf(digest), share: FileShare.ReadWrite | FileShare.Delete);
            var file = new SharedFile(handle, closed => Closed(digest, closed));
            _open[digest] = file;
            if (RandomAccess.GetLength(handle) == length)
            {
                _idle.Remove(digest); // of an earlier file
                StayOpen(digest, file);
                return file;
            }
            file.Release();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The cache is one more user until it lets go, for room or for age.</summary>
    private void StayOpen(Sha256Digest digest, SharedFile file)
    {
        if (_idle.TryGetValue(digest, out SharedFile? kept) && kept == file) return;
        if (!file.TryAcquire()) return;
        var entry = new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromMinutes(5) }
            .RegisterPostEvictionCallback(static (_, value, _, _) => ((SharedFile)value!).Release());
        _idle.Set(digest, file, entry);
    }

    private void Closed(Sha256Digest digest, SharedFile file)
    {
        lock (_lock)
        {
            if (_open.GetValueOrDefault(digest) == file) _open.Remove(digest);
        }
    }

    /// <summary>Forgets a blob's file: it is gone or replaced. Transfers under way are cut.</summary>
    public void Revoke(Sha256Digest digest)
    {
        lock (_lock)
        {
            if (_open.Remove(digest, out var file)) file.Revoke();
        }
        _idle.Remove(digest);
    }

    /// <summary>
    /// Revokes a rotten blob's file and keeps it closed until <see cref="Unblock"/>, also for transfers that were
    /// begun while it was good: a composed blob opens its parts one after another.
    /// </summary>
    public void Block(Sha256Digest digest)
    {
        lock (_lock) _blocked.Add(digest);
        Revoke(digest);
    }

    /// <summary>Its bytes are good again.</summary>
    public void Unblock(Sha256Digest digest)
    {
        lock (_lock) _blocked.Remove(digest);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var digest in _idle.Keys) _idle.Remove(digest);
        _idle.Dispose();
    }

    /// <summary>The file of one blob, as a piece of a body.</summary>
    public FileSource SourceOf(Sha256Digest digest, long length) => new Source(this, digest, length);

    private sealed class Source(BlobFiles files, Sha256Digest digest, long length) : FileSource
    {
        public override bool IsThere => files.Holds(digest, length);
        public override SharedFile? Acquire() => files.Acquire(digest, length);
    }
}
