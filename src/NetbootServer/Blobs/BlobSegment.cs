using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>One piece of a composed blob: a range of another blob, or a few bytes of its own.</summary>
public sealed record BlobSegment
{
    /// <summary>The blob it is a range of; null for bytes of its own.</summary>
    public Sha256Digest? Blob { get; private init; }

    /// <summary>Where the range begins in <see cref="Blob"/>, in bytes.</summary>
    public long Offset { get; private init; }

    /// <summary>Its length in bytes.</summary>
    public long Length { get; private init; }

    /// <summary>
    /// The whole length of <see cref="Blob"/>, by which its file is known to be whole; set when composed.
    /// </summary>
    internal long BlobLength { get; init; }

    /// <summary>Its own bytes; empty for a range.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    /// <summary>A range of a blob.</summary>
    public static BlobSegment Of(Sha256Digest blob, long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new() { Blob = blob, Offset = offset, Length = length };
    }

    /// <summary>Bytes kept in the segment list itself: archive headers, padding. Not for large ones.</summary>
    public static BlobSegment Literal(ReadOnlyMemory<byte> bytes) => new() { Bytes = bytes, Length = bytes.Length };

    /// <summary>The segments of a range of a composed blob, the outer ones cut to it.</summary>
    internal static IEnumerable<BlobSegment> Slice(ImmutableArray<BlobSegment> segments, long offset, long length)
    {
        foreach (var segment in segments)
        {
            if (length == 0) yield break;
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }
            var taken = Math.Min(length, segment.Length - offset);
            yield return segment.Blob is null
                ? Literal(segment.Bytes.Slice((int)offset, (int)taken))
                : segment with { Offset = segment.Offset + offset, Length = taken };
            length -= taken;
            offset = 0;
        }
    }

    internal BodySegment ToPiece(BlobFiles files, Dictionary<Sha256Digest, FileSource> sources)
    {
        if (Blob is not { } blob) return new BodySegment(Bytes);
        if (!sources.TryGetValue(blob, out var source)) sources[blob] = source = files.SourceOf(blob, BlobLength);
        return new BodySegment(source, Offset, Length);
    }

    /// <summary>The list as stored.</summary>
    internal static string ToJson(IEnumerable<BlobSegment> segments) =>
        JsonSerializer.Serialize(segments.Select(Stored.From));

    internal static ImmutableArray<BlobSegment> FromJson(string json) =>
        [.. JsonSerializer.Deserialize<Stored[]>(json)!.Select(stored => stored.ToSegment())];

    /// <summary>The JSON of one segment: {blob, of, offset, length} or {bytes}.</summary>
    private sealed record Stored
    {
        [JsonPropertyName("blob"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Blob { get; init; }

        [JsonPropertyName("of"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public long BlobLength { get; init; }

        [JsonPropertyName("offset"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public long Offset { get; init; }

        [JsonPropertyName("length"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public long Length { get; init; }

        [JsonPropertyName("bytes"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public byte[]? Bytes { get; init; }

        public static Stored From(BlobSegment segment) => segment.Blob is { } blob
            ? new()
            {
                Blob = blob.ToString(), BlobLength = segment.BlobLength,
                Offset = segment.Offset, Length = segment.Length,
            }
            : new() { Bytes = segment.Bytes.ToArray() };

        public BlobSegment ToSegment() => Blob is null
            ? Literal(Bytes ?? throw new InvalidDataException("A stored segment has neither a blob nor bytes."))
            : Of(BlobRow.DigestOf(Blob), Offset, Length) with { BlobLength = BlobLength };
    }
}
