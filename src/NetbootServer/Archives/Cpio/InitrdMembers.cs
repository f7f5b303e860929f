using System.Buffers.Binary;
using System.IO.Compression;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.LZMA;
using ZstdSharp;

namespace NetbootServer.Archives.Cpio;

/// <summary>
/// Finds the members of an initrd. Where a compressed one ends is known only to its format, and libraries read beyond
/// it: so they get small pieces, and behind the last one that they took the next beginning is looked for.
/// </summary>
/// <param name="initrd">The file; not closed.</param>
internal sealed class InitrdMembers(Stream initrd)
{
    private const int PieceBytes = 4096, MagicBytes = 16;
    private const uint MaxDictionaryBytes = 128u << 20;
    private long _next;
    private Place? _current;
    private bool _isRaw, _isOver;

    /// <summary>The next member, unpacked; null when there is none.</summary>
    /// <exception cref="InvalidDataException">There is something else.</exception>
    public Stream? Next()
    {
        if (!FindNext()) return null;
        var kind = KindAt(_next);
        initrd.Position = _next;
        _isOver = false;
        _isRaw = kind == BootFileKind.Cpio;
        if (_isRaw) return new Raw(this, initrd);
        _current = new Place(_next);
        var place = _current;
        return new Guarded(() => Open(kind, new Member(initrd, place)));
    }

    /// <summary>The entry that was read ended an archive: a member that is not compressed ends there.</summary>
    public void ArchiveEnded() => _isOver = true;

    private bool FindNext()
    {
        if (_isRaw)
        {
            _next = initrd.Position;
            _isRaw = false;
        }
        else if (_current is { } before)
        {
            // It ended within the last piece, or at its end.
            _current = null;
            var from = Math.Max(before.Began + 1, before.Taken - PieceBytes);
            var piece = new byte[before.Taken - from + MagicBytes];
            initrd.Position = from;
            var length = initrd.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false);
            for (_next = from; _next < before.Taken; _next++)
                if (KindOf(piece.AsSpan((int)(_next - from), length - (int)(_next - from))) != BootFileKind.Unknown
                    && IsMember(_next)) return true;
        }
        SkipZeros();
        if (_next >= initrd.Length) return false;
        if (KindAt(_next) == BootFileKind.Unknown)
            throw new InvalidDataException("The initrd has something in it that the kernel does not unpack.");
        return true;
    }

    /// <summary>
    /// Whether a member begins here, for sure: what looks like a magic may stand in compressed bytes by chance.
    /// </summary>
    private bool IsMember(long at)
    {
        var kind = KindAt(at);
        if (kind == BootFileKind.Cpio) return at % NewcWriter.Alignment == 0;
        initrd.Position = at;
        var head = new byte[6];
        try
        {
            using var inside = Open(kind, new Member(initrd, new(at)));
            var count = 0;
            for (int read; count < head.Length && (read = inside.Read(head, count, head.Length - count)) > 0;)
                count += read;
            return head.AsSpan(0, count).TrimStart((byte)0).StartsWith("07070"u8[..Math.Min(5, count)]);
        }
        catch (Exception e) when (IsDamage(e))
        {
            return false;
        }
    }

    private void SkipZeros()
    {
        var buffer = new byte[PieceBytes];
        while (_next < initrd.Length)
        {
            initrd.Position = _next;
            var read = initrd.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            var zeros = buffer.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            _next += zeros < 0 ? read : zeros;
            if (zeros >= 0) return;
        }
    }

    private BootFileKind KindAt(long at)
    {
        Span<byte> head = stackalloc byte[MagicBytes];
        initrd.Position = at;
        return KindOf(head[..initrd.ReadAtLeast(head, MagicBytes, throwOnEndOfStream: false)]);
    }

    /// <summary>What the kernel would take it for (lib/decompress.c), by more of its magic than the kernel looks at.
    /// </summary>
    private static BootFileKind KindOf(ReadOnlySpan<byte> head) => head switch
    {
        [(byte)'0', (byte)'7', (byte)'0', (byte)'7', (byte)'0', (byte)'1' or (byte)'2', ..] => BootFileKind.Cpio,
        [0x1F, 0x8B, 8, ..] => BootFileKind.Gzip,
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => BootFileKind.Xz,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => BootFileKind.Zstd,
        [0x02, 0x21, 0x4C, 0x18, ..] => BootFileKind.Lz4Legacy,
        [(byte)'B', (byte)'Z', (byte)'h', _, (byte)'1', (byte)'A', (byte)'Y', ..] => BootFileKind.Bzip2,
        [0x5D, 0, 0, ..] => BootFileKind.Lzma,
        _ => BootFileKind.Unknown,
    };

    private static Stream Open(BootFileKind kind, Stream packed) => kind switch
    {
        BootFileKind.Gzip => new GZipStream(packed, CompressionMode.Decompress),
        BootFileKind.Zstd => new DecompressionStream(packed, PieceBytes, leaveOpen: false),
        BootFileKind.Xz => LiblzmaStream.IsThere ? new LiblzmaStream(packed) : new XzStreams(packed),
        BootFileKind.Lz4Legacy => new Lz4LegacyStream(packed),
        BootFileKind.Bzip2 => BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Decompress, false),
        BootFileKind.Lzma => Lzma(packed),
        _ => throw new InvalidDataException("The initrd is compressed in a way that is not known."),
    };

    /// <summary>lzma-file-format.txt: 5 bytes of properties, 8 of the unpacked length, all ones when unknown.</summary>
    private static Stream Lzma(Stream packed)
    {
        var header = new byte[13];
        if (packed.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            throw new InvalidDataException("The LZMA file is cut off");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(1)) is 0 or > MaxDictionaryBytes)
            throw new InvalidDataException(
                $"The LZMA file has a dictionary of none or more than {MaxDictionaryBytes >> 20} MiB");
        return LzmaStream.Create(header[..5], packed, -1, BitConverter.ToInt64(header, 5));
    }

    /// <summary>What is not compressed: it ends behind the first trailer.</summary>
    private sealed class Raw(InitrdMembers owner, Stream initrd) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => initrd.Length;

        public override long Position { get => initrd.Position; set => initrd.Position = value; }

        public override int Read(Span<byte> buffer)
        {
            if (!owner._isOver) return initrd.Read(buffer);
            owner._isOver = false;
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Where in the file a member began, and where its library has come to.</summary>
    private sealed class Place(long began)
    {
        public long Began { get; } = began;

        public long Taken { get; set; } = began;
    }

    /// <summary>The packed bytes of one member, in small pieces.</summary>
    private sealed class Member(Stream initrd, Place place) : ForwardStream
    {
        private readonly byte[] _ahead = new byte[1 << 18];
        private int _at, _length;

        public override long Position { get => place.Taken - place.Began; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_at == _length)
            {
                initrd.Position = place.Taken;
                (_at, _length) = (0, initrd.Read(_ahead));
            }
            var count = Math.Min(Math.Min(buffer.Length, PieceBytes), _length - _at);
            _ahead.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            place.Taken += count;
            return count;
        }
    }

    /// <summary>
    /// An unpacked member. Libraries fail on what follows it, and on damage alike: after the trailer it has simply
    /// ended.
    /// </summary>
    /// <param name="open">Opens it at the first read: that may fail on damage, too.</param>
    private sealed class Guarded(Func<Stream> open) : ForwardStream
    {
        private Stream? _unpacked;

        public override int Read(Span<byte> buffer)
        {
            try
            {
                _unpacked ??= open();
                return _unpacked.Read(buffer);
            }
            catch (Exception e) when (IsDamage(e))
            {
                throw new InvalidDataException($"The initrd cannot be unpacked: {e.Message.TrimEnd('.')}.", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _unpacked?.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Libraries report damage by many kinds of exceptions; a failing disk is none.</summary>
    private static bool IsDamage(Exception error) => error is InvalidDataException or EndOfStreamException
        || error is not (OutOfMemoryException or IOException);
}
