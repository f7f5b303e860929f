namespace NetbootServer.Serving.Bodies;

/// <summary>
/// A stream that has a length and no bytes. ASP.NET Core's own file result, given this, answers the conditional and
/// range headers completely and then wants to copy: where to it has been sought, and that it was read at all, is its
/// verdict, and the bytes themselves leave by our own way.
/// </summary>
internal sealed class HeaderProbe(long length) : Stream
{
    /// <summary>A body is to be sent.</summary>
    public bool BodyWanted { get; private set; }

    /// <summary>The first byte to send.</summary>
    public override long Position { get; set; }

    public override long Length => length;
    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => length + offset,
    };

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BodyWanted = true;
        return new(0);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        BodyWanted = true;
        return 0;
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
