using System.Buffers;
using System.Buffers.Binary;

namespace NetbootServer.Archives.Tar;

/// <summary>
/// Composes a <c>.tar.gz</c> without reading or compressing its large files: the answer is a list of pieces, most of
/// them ranges of the files themselves. The same entries give the same bytes.
/// </summary>
/// <remarks>
/// <code>
/// gzip (RFC 1952): one member; every tar reads it, also from a pipe
///   deflate (RFC 1951 §3.2.4): stored blocks, each 5 bytes of header and up to 65535 bytes as they are
///     tar: header, file, padding, …, two blocks of zeros
///   CRC-32: combined from those of the pieces; length
/// </code>
/// Kernels and initrds are compressed already: a second time would gain nothing.
/// </remarks>
/// <typeparam name="TSource">Names the source of a file's bytes.</typeparam>
public sealed class TarGzip<TSource>
{
    private const int MostInBlock = 65535;

    /// <summary>Header of a block that is not the last and holds as much as it may.</summary>
    private static readonly byte[] FullBlock = BlockHeader(MostInBlock, isLast: false);

    /// <summary>Deflate; no name, no time, any system.</summary>
    private static readonly byte[] Magic = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

    private readonly List<StreamPiece<TSource>> _pieces = [];

    /// <summary>Bytes of the archive that are not in a block yet.</summary>
    private readonly ArrayBufferWriter<byte> _plain = new();

    /// <summary>Bytes of the stream that are no piece yet.</summary>
    private readonly ArrayBufferWriter<byte> _literal = new();
    private uint _crc;
    private long _length;

    /// <summary>An archive without entries.</summary>
    public TarGzip() => _literal.Write<byte>(Magic);

    /// <summary>Adds a folder.</summary>
    /// <param name="name">Its path without slashes at both ends.</param>
    /// <param name="mode">Permission bits.</param>
    public void AddFolder(string name, int mode) => Add(UstarHeader.Folder(name, mode));

    /// <summary>Adds a file.</summary>
    /// <param name="name">Its path without a leading slash.</param>
    /// <param name="mode">Permission bits.</param>
    /// <param name="parts">Its bytes, in order.</param>
    public void AddFile(string name, int mode, params IReadOnlyCollection<TarPart<TSource>> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var size = parts.Sum(part => part.Length);
        Add(UstarHeader.File(name, mode, size));
        foreach (var part in parts)
        {
            if (part.IsSource) Add(part);
            else Add(part.Bytes.Span);
        }
        Add(stackalloc byte[(int)(-size & (UstarHeader.BlockBytes - 1))]);
    }

    /// <summary>Ends the archive.</summary>
    /// <returns>The stream.</returns>
    public IReadOnlyList<StreamPiece<TSource>> Finish()
    {
        Add(stackalloc byte[2 * UstarHeader.BlockBytes]);
        FlushPlain();
        _literal.Write(BlockHeader(0, isLast: true));
        Span<byte> trailer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], (uint)_length);
        _literal.Write(trailer);
        FlushLiteral();
        return _pieces;
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        _plain.Write(bytes);
        _crc = Crc32.Append(_crc, bytes);
        _length += bytes.Length;
    }

    private void Add(TarPart<TSource> part)
    {
        if (part.Length == 0) return;
        FlushPlain();
        for (long done = 0; done < part.Length;)
        {
            var count = (int)Math.Min(MostInBlock, part.Length - done);
            if (count < MostInBlock || _literal.WrittenCount > 0)
            {
                _literal.Write(BlockHeader(count, isLast: false));
                FlushLiteral();
            }
            else _pieces.Add(new(FullBlock, default, 0, FullBlock.Length)); // most: not a copy for each
            _pieces.Add(new(default, part.Source, done, count));
            done += count;
        }
        _crc = Crc32.Combine(_crc, part.Crc32, part.Length);
        _length += part.Length;
    }

    private void FlushPlain()
    {
        var plain = _plain.WrittenSpan;
        while (!plain.IsEmpty)
        {
            var count = Math.Min(MostInBlock, plain.Length);
            _literal.Write(BlockHeader(count, isLast: false));
            _literal.Write(plain[..count]);
            plain = plain[count..];
        }
        _plain.ResetWrittenCount();
    }

    private void FlushLiteral()
    {
        if (_literal.WrittenCount == 0) return;
        _pieces.Add(new(_literal.WrittenSpan.ToArray(), default, 0, _literal.WrittenCount));
        _literal.ResetWrittenCount();
    }

    private static byte[] BlockHeader(int count, bool isLast) =>
        [isLast ? (byte)1 : (byte)0, (byte)count, (byte)(count >> 8), (byte)~count, (byte)(~count >> 8)];
}
