using NetbootServer.Archives;

namespace NetbootServer.Nix.Nars;

/// <summary>Passes a NAR on as it is read, and checks its form on the way: a bad one never arrives whole.</summary>
/// <param name="nar">The NAR; closed with this.</param>
/// <param name="reader">Reads along.</param>
internal sealed class NarTap(Stream nar, NarReader reader) : ForwardStream
{
    private bool _ended;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => Pass(buffer, nar.Read(buffer));

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await nar.ReadAsync(buffer, cancellationToken);
        return Pass(buffer.Span, read);
    }

    private int Pass(ReadOnlySpan<byte> buffer, int read)
    {
        reader.Push(buffer[..read]);
        if (read == 0 && buffer.Length > 0 && !_ended)
        {
            reader.End();
            _ended = true;
        }
        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) nar.Dispose();
        base.Dispose(disposing);
    }
}
