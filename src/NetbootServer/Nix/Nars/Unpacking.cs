using System.IO.Compression;
using NetbootServer.Archives;
using SharpCompress.Compressors.BZip2;
using ZstdSharp;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// Unpacks a compressed NAR as it is read. Gives up at the first byte beyond the length that was promised: however
/// small a bomb is, no more than that is ever unpacked.
/// </summary>
internal sealed class Unpacking : ForwardStream
{
    // A thread of the pool is given back now and then: unpacking never waits, and others want to run, too.
    private const int YieldBytes = 1 << 20;

    private readonly Stream _packed;
    private readonly NarCompression _compression;
    private readonly long _size;
    private Stream? _unpacked;
    private long _done;
    private long _yieldAt = YieldBytes;

    /// <summary>Unpacks <paramref name="packed"/>, which is closed with this.</summary>
    /// <param name="packed">The compressed bytes.</param>
    /// <param name="compression">How they are compressed.</param>
    /// <param name="size">The exact number of bytes that must come out.</param>
    public Unpacking(Stream packed, NarCompression compression, long size) =>
        (_packed, _compression, _size) = (packed, compression, size);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        var read = Library(buffer);
        _done += read;
        if (_done > _size) throw new InvalidDataException($"It unpacks to more than the {_size} bytes that it says.");
        if (read == 0 && _done < _size)
            throw new InvalidDataException($"It unpacks to {_done} bytes, not to the {_size} that it says: it is cut " +
            "off.");
        return read;
    }

    /// <summary>The libraries report damage by many kinds of exceptions; here it is always the same.</summary>
    private int Library(Span<byte> buffer)
    {
        try
        {
            _unpacked ??= Open();
            return _unpacked.Read(buffer);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or InvalidDataException))
        {
            throw new InvalidDataException($"It cannot be unpacked after {_done} bytes: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private Stream Open() => _compression switch
    {
        NarCompression.Xz => LiblzmaStream.IsThere ? new LiblzmaStream(_packed) : new XzStreams(_packed),
        NarCompression.Zstd => new DecompressionStream(_packed, leaveOpen: false),
        NarCompression.Gzip => new GZipStream(_packed, CompressionMode.Decompress),
        NarCompression.Brotli => new BrotliStream(_packed, CompressionMode.Decompress),
        NarCompression.Bzip2 => BZip2Stream.Create(_packed, SharpCompress.Compressors.CompressionMode.Decompress, true),
        _ => _packed,
    };

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_done >= _yieldAt)
        {
            _yieldAt = _done + YieldBytes;
            await Task.Yield();
        }
        return Read(buffer.Span);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _unpacked?.Dispose();
            _packed.Dispose();
        }
        base.Dispose(disposing);
    }
}
