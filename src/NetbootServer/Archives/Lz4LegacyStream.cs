using System.Buffers.Binary;

namespace NetbootServer.Archives;

/// <summary>
/// Unpacks LZ4 in the legacy format (lz4_Frame_format.md §"Legacy frame"; the kernel's lib/decompress_unlz4.c): a
/// magic, then blocks of at most 8 MiB unpacked, each after its packed length in 4 bytes, little-endian. Ends at the
/// end of the file, or before what is no block.
/// </summary>
/// <param name="packed">The file; closed with this.</param>
internal sealed class Lz4LegacyStream(Stream packed) : ForwardStream
{
    private const uint Magic = 0x184C2102;
    private const int BlockBytes = 8 << 20, PackedBytes = BlockBytes + BlockBytes / 255 + 16;
    private byte[] _block = [], _packed = []; // made for the first block: a file may have none
    private int _at, _length;
    private bool _began, _ended;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_at == _length && !_ended) Fill();
        var count = Math.Min(buffer.Length, _length - _at);
        _block.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    private void Fill()
    {
        (_at, _length) = (0, 0);
        Span<byte> four = stackalloc byte[4];
        do
        {
            if (packed.ReadAtLeast(four, 4, throwOnEndOfStream: false) < 4)
            {
                _ended = true;
                return;
            }
            var size = BinaryPrimitives.ReadUInt32LittleEndian(four);
            if (size == Magic)
            {
                _began = true;
                continue;
            }
            if (!_began) throw new InvalidDataException("It is no LZ4 file.");
            if (size is 0 or > PackedBytes)
            {
                _ended = true;
                return;
            }
            if (_block.Length == 0) (_block, _packed) = (new byte[BlockBytes], new byte[PackedBytes]);
            packed.ReadExactly(_packed.AsSpan(0, (int)size));
            _length = Unpack(_packed.AsSpan(0, (int)size), _block);
        }
        while (_length == 0);
    }

    /// <summary>lz4_Block_format.md: literals, then a match of at least 4 bytes at an offset of 2 bytes.</summary>
    internal static int Unpack(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var (read, written) = (0, 0);
        try
        {
            while (read < from.Length)
            {
                var token = from[read++];
                var literals = Count(token >> 4, from, ref read);
                from.Slice(read, literals).CopyTo(to[written..]);
                (read, written) = (read + literals, written + literals);
                if (read == from.Length) break;
                var offset = BinaryPrimitives.ReadUInt16LittleEndian(from[read..]);
                read += 2;
                var match = Count(token & 15, from, ref read) + 4;
                if (offset == 0 || offset > written) throw new InvalidDataException("The LZ4 block is damaged.");
                for (var end = written + match; written < end; written++) to[written] = to[written - offset];
            }
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or ArgumentException)
        {
            throw new InvalidDataException("The LZ4 block is damaged.", e);
        }
        return written;
    }

    private static int Count(int count, ReadOnlySpan<byte> from, ref int read)
    {
        if (count < 15) return count;
        for (int more = 255; more == 255 && count < BlockBytes;) count += more = from[read++];
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) packed.Dispose();
        base.Dispose(disposing);
    }
}
