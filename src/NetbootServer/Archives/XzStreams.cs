using SharpCompress.Compressors.Xz;

namespace NetbootServer.Archives;

/// <summary>
/// Unpacks an .xz file of any number of streams with padding between them (xz file format 1.2.1, §2): the library's
/// reader stops after the first without a word.
/// </summary>
/// <param name="packed">The file; closed with this.</param>
internal sealed class XzStreams(Stream packed) : ForwardStream
{
    private readonly Pushback _packed = new(packed);
    private XZStream? _current;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        _current ??= new XZStream(_packed);
        for (; ; )
        {
            var read = _current.Read(buffer);
            if (read > 0 || !FindNext()) return read;
            _current = new XZStream(_packed);
        }
    }

    private bool FindNext()
    {
        Span<byte> one = stackalloc byte[1];
        for (var padding = 0; _packed.Read(one) > 0; padding++)
        {
            if (one[0] == 0) continue;
            if (padding % 4 != 0)
                throw new InvalidDataException("The xz file has padding that is not a multiple of 4 bytes.");
            _packed.Return(one[0]);
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) packed.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>
    /// A stream that one byte can be given back to; it outlives the readers over it, and counts for them: they find
    /// the padding after a block by the position.
    /// </summary>
    private sealed class Pushback(Stream inner) : ForwardStream
    {
        private int _returned = -1;
        private long _position;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public void Return(byte value)
        {
            _returned = value;
            _position--;
        }

        public override int Read(Span<byte> buffer)
        {
            var read = 1;
            if (_returned < 0 || buffer.IsEmpty)
            {
                read = inner.Read(buffer);
            }
            else
            {
                buffer[0] = (byte)_returned;
                _returned = -1;
            }
            _position += read;
            return read;
        }
    }
}
