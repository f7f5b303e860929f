namespace NetbootServer.Serving.Bodies;

/// <summary>Reads a body from anywhere in it, whatever it is composed of.</summary>
/// <param name="body">The body.</param>
/// <exception cref="IOException">On reading: a file of it is away, or shorter than it was.</exception>
public sealed class BodyStream(ServableBody body) : Stream
{
    private SharedFile? _file;
    private FileSource? _source;
    private long _position;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => body.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, Math.Max(0, body.Length - _position));
        if (count == 0) return 0;
        var piece = body.Slice(_position, count)[0];
        var part = buffer[..(int)piece.Length];
        if (piece.File is not { } source) piece.Bytes.Span.CopyTo(part);
        else part = part[..RandomAccess.Read(Opened(source).Handle, part, piece.Offset)];
        if (part.IsEmpty) throw new IOException("A blob is shorter than it was.");
        _position += part.Length;
        return part.Length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => body.Length,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _file?.Release();
        _file = null;
        base.Dispose(disposing);
    }

    private SharedFile Opened(FileSource source)
    {
        if (_source == source && _file is { } open) return open;
        _file?.Release();
        _file = null;
        _file = source.Acquire() ?? throw new IOException("The bytes of a blob are away.");
        _source = source;
        return _file;
    }
}
