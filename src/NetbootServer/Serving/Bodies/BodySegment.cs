namespace NetbootServer.Serving.Bodies;

/// <summary>A piece of a body: a range of a file, or a few bytes in memory.</summary>
public readonly record struct BodySegment
{
    /// <summary>A range of a file.</summary>
    public BodySegment(FileSource file, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        (File, Offset, Length) = (file, offset, length);
    }

    /// <summary>Bytes in memory.</summary>
    public BodySegment(ReadOnlyMemory<byte> bytes) => (Bytes, Length) = (bytes, bytes.Length);

    /// <summary>The file; null for bytes in memory.</summary>
    public FileSource? File { get; private init; }

    /// <summary>Where the range begins in the file, in bytes.</summary>
    public long Offset { get; private init; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; private init; }

    /// <summary>The bytes in memory; empty for a range of a file.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    /// <summary>A part of it.</summary>
    internal BodySegment Slice(long skip, long length) => File is null
        ? new BodySegment(Bytes.Slice((int)skip, (int)length))
        : this with { Offset = Offset + skip, Length = length };
}
