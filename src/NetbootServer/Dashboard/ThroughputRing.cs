namespace NetbootServer.Dashboard;

/// <summary>What was sent within one step of time.</summary>
/// <param name="At">When the step began.</param>
/// <param name="BytesPerSecond">On average over the step.</param>
/// <param name="PeakBytesPerSecond">In its busiest second.</param>
public sealed record ThroughputSample(DateTimeOffset At, long BytesPerSecond, long PeakBytesPerSecond);

/// <summary>Sums of the last so many steps of time; older ones make room.</summary>
/// <param name="step">Length of a step.</param>
/// <param name="count">How many are kept.</param>
internal sealed class ThroughputRing(TimeSpan step, int count)
{
    private readonly Queue<Slot> _slots = new(count);
    private Slot? _current;

    /// <summary>Adds what was sent in the last second.</summary>
    public void Add(DateTimeOffset now, long bytes)
    {
        var number = now.Ticks / step.Ticks;
        if (_current?.Number != number)
        {
            if (_slots.Count == count) _slots.Dequeue();
            _slots.Enqueue(_current = new(number));
        }
        _current!.Bytes += bytes;
        _current.Peak = Math.Max(_current.Peak, bytes);
    }

    /// <summary>The samples up to now, oldest first; steps in which nothing was counted are zero.</summary>
    public List<ThroughputSample> Samples(DateTimeOffset now)
    {
        var last = now.Ticks / step.Ticks;
        var known = _slots.ToDictionary(slot => slot.Number);
        var first = known.Count == 0 ? last : Math.Max(known.Keys.Min(), last - count + 1);
        var samples = new List<ThroughputSample>();
        for (var number = first; number <= last; number++)
        {
            var slot = known.GetValueOrDefault(number);
            var at = new DateTimeOffset(number * step.Ticks, TimeSpan.Zero);
            var seconds = number == last ? Math.Max(1, (now - at).TotalSeconds) : step.TotalSeconds;
            samples.Add(new(at, (long)((slot?.Bytes ?? 0) / seconds), slot?.Peak ?? 0));
        }
        return samples;
    }

    private sealed class Slot(long number)
    {
        public long Number { get; } = number;
        public long Bytes { get; set; }
        public long Peak { get; set; }
    }
}
