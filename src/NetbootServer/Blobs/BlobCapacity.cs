using System.Globalization;

namespace NetbootServer.Blobs;

/// <summary>
/// Keeps imports within <c>Blobs:MaxBytes</c> and off the last <c>Blobs:MinFreeBytes</c> of the disk: before an import
/// for what it announces, and while it goes on. Imports running side by side count each other.
/// </summary>
internal sealed class BlobCapacity(BlobsOptions options, Func<long> freeBytes)
{
    // A stream that did not announce its length is let grow by this much between two looks at the disk.
    private const long Stride = 32L << 20;

    private readonly Lock _lock = new();
    private long _stored; // bytes in finished files
    private long _written; // bytes that running imports have written
    private long _promised; // bytes that running imports still may write

    /// <summary>Sets how many bytes are stored already; before the first import.</summary>
    public void Start(long storedBytes) => _stored = storedBytes;

    /// <summary>A finished file was removed.</summary>
    public void Free(long bytes)
    {
        lock (_lock) _stored -= bytes;
    }

    /// <summary>Room for one import.</summary>
    /// <param name="length">What it announces; null when it does not.</param>
    /// <exception cref="BlobRefusedException">There is none.</exception>
    public Place Reserve(long? length)
    {
        var place = new Place(this);
        place.Promise(length ?? 0);
        return place;
    }

    /// <summary>Counts a file that is on the disk already.</summary>
    /// <exception cref="BlobRefusedException">It passes <c>Blobs:MaxBytes</c>.</exception>
    public Place Count(long length)
    {
        lock (_lock)
        {
            var total = _stored + _written + _promised + length;
            if (options.MaxBytes is { } max && total > max) throw StoreFull(max, total - max, length);
            _written += length;
        }
        return new Place(this, length);
    }

    /// <summary>Makes sure that an import fits; keeps no room for it.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="here">So many of them are on the disk already, in a download that goes on.</param>
    /// <exception cref="BlobRefusedException">It does not.</exception>
    public void Check(long length, long here)
    {
        lock (_lock) Refuse(length, length - here);
    }

    private void Promise(long bytes)
    {
        lock (_lock)
        {
            Refuse(bytes, bytes);
            _promised += bytes;
        }
    }

    /// <summary>Refuses what would be stored beyond the one limit, or still written beyond the other.</summary>
    private void Refuse(long toStore, long toWrite)
    {
        var total = _stored + _written + _promised + toStore;
        if (options.MaxBytes is { } max && total > max) throw StoreFull(max, total - max, toStore);
        var free = freeBytes() - _promised;
        if (toWrite > 0 && free - toWrite < options.MinFreeBytes) throw DiskFull(toWrite, free);
    }

    private static BlobRefusedException StoreFull(long max, long over, long need) =>
        new(BlobRefusal.StoreFull, $"There is no room for {Size(need)} more: all blobs may take {Size(max)} " +
            $"(Blobs:MaxBytes), which this would pass by {Size(over)}. Delete images, keep fewer versions, or raise " +
            "the limit.")
        {
            Setting = "Blobs:MaxBytes", NeedBytes = need, HaveBytes = Math.Max(0, need - over),
        };

    private BlobRefusedException DiskFull(long need, long free) =>
        new(BlobRefusal.DiskFull, $"There is no room for {Size(need)} more: the disk has {Size(free)} free, of which " +
            $"{Size(options.MinFreeBytes)} stay free (Blobs:MinFreeBytes). " +
            "Make room, delete images, keep fewer versions, or lower the limit.")
        {
            Setting = "Blobs:MinFreeBytes", NeedBytes = need, HaveBytes = Math.Max(0, free - options.MinFreeBytes),
        };

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
    };

    /// <summary>The room of one import. Disposing gives back what is not <see cref="Keep"/>t.</summary>
    internal sealed class Place(BlobCapacity room, long written = 0) : IDisposable
    {
        private long _written = written;
        private long _promised;

        /// <summary>Asks for more.</summary>
        /// <exception cref="BlobRefusedException">There is none.</exception>
        public void Promise(long bytes)
        {
            room.Promise(bytes);
            _promised += bytes;
        }

        /// <summary>Before each write: makes sure that it fits.</summary>
        /// <exception cref="BlobRefusedException">It does not.</exception>
        public void Take(int bytes)
        {
            if (_promised < bytes) Promise(Math.Max(bytes, NextStride()));
            lock (room._lock)
            {
                room._promised -= bytes;
                room._written += bytes;
            }
            _promised -= bytes;
            _written += bytes;
        }

        // Near the limits the strides get small, so that a small import is not refused for what it does not need.
        private long NextStride() => room.Fits(Stride) ? Stride : 0;

        /// <summary>The file stays.</summary>
        public void Keep()
        {
            lock (room._lock)
            {
                room._stored += _written;
                room._written -= _written;
            }
            _written = 0;
        }

        public void Dispose()
        {
            lock (room._lock)
            {
                room._written -= _written;
                room._promised -= _promised;
            }
            (_written, _promised) = (0, 0);
        }
    }

    private bool Fits(long bytes)
    {
        lock (_lock)
        {
            return (options.MaxBytes is not { } max || _stored + _written + _promised + bytes <= max)
                && freeBytes() - _promised - bytes >= options.MinFreeBytes;
        }
    }
}
