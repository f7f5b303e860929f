using System.Collections.Immutable;

namespace NetbootServer.Boots.Transfers;

/// <summary>
/// How fast one boot was from its first byte on, in bounded room: when it is full its samples become twice as long, so
/// it always reaches back to the beginning. One thread writes, any thread reads.
/// </summary>
internal sealed class RateLine
{
    /// <summary>Samples it holds at most.</summary>
    internal const int Capacity = 240;

    private readonly Lock _lock = new();
    private readonly List<Sample> _samples = [];

    /// <summary>How long a sample shall be; zero: as they come.</summary>
    private TimeSpan _length;

    /// <summary>The end of the newest sample; the writer alone asks.</summary>
    public DateTimeOffset LastAt { get; private set; }

    /// <summary>Adds bytes that were taken between two instants, the second later than the first.</summary>
    public void Add(DateTimeOffset from, DateTimeOffset to, long bytes)
    {
        lock (_lock)
        {
            LastAt = to;
            if (_samples.Count == Capacity) Thin();
            Append(_samples, new(from, to, bytes));
        }
    }

    /// <summary>Its samples, oldest first.</summary>
    public ImmutableArray<RateSample> Samples()
    {
        lock (_lock)
        {
            return [.. _samples.Select(sample => new RateSample(sample.To, sample.Over.TotalSeconds,
                (long)(sample.Bytes / sample.Over.TotalSeconds)))];
        }
    }

    private void Thin()
    {
        var all = _samples.ToArray();
        // A single long one, of a pause of the watch, is not what the others are to become.
        _length = (_length > TimeSpan.Zero ? _length : all.Select(sample => sample.Over).Order()
            .ElementAt(all.Length / 2)) * 2;
        _samples.Clear();
        foreach (var sample in all) Append(_samples, sample);
        // A boot of nothing but short transfers with gaps between them: what is oldest goes.
        if (_samples.Count > Capacity * 3 / 4) _samples.RemoveRange(0, _samples.Count - Capacity * 3 / 4);
    }

    /// <summary>Joins it to the newest one when that is too short and nothing lies between them.</summary>
    private void Append(List<Sample> to, Sample sample)
    {
        // Looks come a little early or late: three quarters of the length are enough.
        if (to is [.., var last] && last.To == sample.From && last.Over < _length * 0.75)
            to[^1] = new(last.From, sample.To, last.Bytes + sample.Bytes);
        else
            to.Add(sample);
    }

    private readonly record struct Sample(DateTimeOffset From, DateTimeOffset To, long Bytes)
    {
        public TimeSpan Over => To - From;
    }
}
