namespace NetbootServer.Archives.Tar;

/// <summary>
/// A part of a file in an archive: bytes that are there, or those of a source that are sent from elsewhere.
/// </summary>
/// <typeparam name="TSource">Names a source.</typeparam>
public sealed record TarPart<TSource>
{
    private TarPart()
    {
    }

    /// <summary>The bytes; empty for a source.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    /// <summary>Whether it is a source.</summary>
    public bool IsSource { get; private init; }

    /// <summary>The source.</summary>
    public TSource? Source { get; private init; }

    /// <summary>Its length in bytes.</summary>
    public long Length { get; private init; }

    /// <summary>Its checksum (<see cref="Tar.Crc32"/>).</summary>
    public uint Crc32 { get; private init; }

    /// <summary>Bytes.</summary>
    public static TarPart<TSource> Of(ReadOnlyMemory<byte> bytes) =>
        new() { Bytes = bytes, Length = bytes.Length, Crc32 = Tar.Crc32.Append(0, bytes.Span) };

    /// <summary>All bytes of a source, which are not read: their length and checksum are known.</summary>
    public static TarPart<TSource> Of(TSource source, long length, uint crc32) =>
        new() { IsSource = true, Source = source, Length = length, Crc32 = crc32 };
}

/// <summary>A piece of a composed stream: bytes, or a range of a source.</summary>
/// <typeparam name="TSource">Names a source.</typeparam>
/// <param name="Bytes">The bytes; empty for a range.</param>
/// <param name="Source">The source, for a range.</param>
/// <param name="Offset">Where the range begins in the source, in bytes.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct StreamPiece<TSource>(
    ReadOnlyMemory<byte> Bytes, TSource? Source, long Offset, long Length)
{
    /// <summary>Whether it is bytes of its own.</summary>
    public bool IsLiteral => !Bytes.IsEmpty;
}
