using NetbootServer.Archives;
using NetbootServer.Archives.Tar;

namespace NetbootServer.Kexec;

/// <summary>Reads on, and sums up the checksum of what was read.</summary>
/// <param name="source">Where from; not closed.</param>
internal sealed class CheckedStream(Stream source) : ForwardStream
{
    /// <summary>The checksum of all that was read.</summary>
    public uint Checksum { get; private set; }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var read = source.Read(buffer);
        Checksum = Crc32.Append(Checksum, buffer[..read]);
        return read;
    }
}
