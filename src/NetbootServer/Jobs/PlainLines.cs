using System.Text;

namespace NetbootServer.Jobs;

/// <summary>
/// Passes text on line by line without terminals' escape sequences and control characters. A line that has not ended
/// waits for its end, or for <see cref="EndAsync"/>.
/// </summary>
/// <param name="target">Where it goes.</param>
/// <param name="skip">So many bytes of the plain text are left out.</param>
internal sealed class PlainLines(Stream target, long skip = 0) : Stream
{
    private readonly MemoryStream _line = new();
    private long _skip = skip;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var last = buffer.Span.LastIndexOf((byte)'\n');
        if (last >= 0)
        {
            _line.Write(buffer.Span[..(last + 1)]);
            await PassAsync(cancellationToken);
        }
        _line.Write(buffer.Span[(last + 1)..]);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Passes on what has no end.</summary>
    public Task EndAsync(CancellationToken ct) => PassAsync(ct);

    private async Task PassAsync(CancellationToken ct)
    {
        if (_line.Length == 0) return;
        var text = Encoding.UTF8.GetString(_line.GetBuffer(), 0, (int)_line.Length);
        _line.SetLength(0);
        var plain = Encoding.UTF8.GetBytes(string.Join('\n', text.Split('\n').Select(AnsiText.Plain)));
        var left = (int)Math.Min(_skip, plain.Length);
        _skip -= left;
        if (left < plain.Length) await target.WriteAsync(plain.AsMemory(left), ct);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => target.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Logs are copied asynchronously.");

    public override void Flush() => throw new NotSupportedException("Logs are copied asynchronously.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
