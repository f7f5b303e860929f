using System.Collections.Immutable;
using Microsoft.Net.Http.Headers;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// What an answer's body is made of: pieces in order, with an exact length and a strong validator. A list of one is a
/// plain file; a longer one serves just like a file with the same bytes.
/// </summary>
public sealed class ServableBody
{
    private readonly ImmutableArray<BodySegment> _segments;
    private readonly long[] _starts;

    /// <summary>A body of <paramref name="segments"/>.</summary>
    /// <param name="tag">A strong validator: equal tags mean equal bytes.</param>
    /// <param name="segments">Pieces in order; empty ones are dropped.</param>
    public ServableBody(EntityTagHeaderValue tag, IEnumerable<BodySegment> segments)
    {
        ArgumentNullException.ThrowIfNull(tag);
        if (tag.IsWeak) throw new ArgumentException("Ranges need a strong validator (RFC 9110 §13.1.5).", nameof(tag));
        Tag = tag;
        _segments = [.. segments.Where(segment => segment.Length > 0)];
        _starts = new long[_segments.Length];
        for (var i = 0; i < _segments.Length; i++)
        {
            _starts[i] = Length;
            Length = checked(Length + _segments[i].Length);
        }
    }

    /// <summary>The validator.</summary>
    public EntityTagHeaderValue Tag { get; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>The pieces of a range, the outer ones cut to it.</summary>
    public IReadOnlyList<BodySegment> Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        if (length == 0) return [];
        if (length == Length) return _segments;
        var first = SegmentAt(offset);
        var slice = new BodySegment[SegmentAt(offset + length - 1) - first + 1];
        for (var i = 0; i < slice.Length; i++)
        {
            var segment = _segments[first + i];
            var skip = offset - _starts[first + i];
            var taken = Math.Min(length, segment.Length - skip);
            slice[i] = segment.Slice(skip, taken);
            offset += taken;
            length -= taken;
        }
        return slice;
    }

    private int SegmentAt(long offset)
    {
        var found = Array.BinarySearch(_starts, offset);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>All bytes of a range are there to be sent.</summary>
    public bool IsThere(long offset, long length)
    {
        var segments = Slice(offset, length);
        return segments is [{ File: { } file }]
            ? file.IsThere
            : segments.Select(segment => segment.File).Distinct().All(each => each is null || each.IsThere);
    }
}
