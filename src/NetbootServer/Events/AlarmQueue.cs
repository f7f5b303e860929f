using System.Threading.Channels;

namespace NetbootServer.Events;

/// <summary>
/// Alarms that wait to be written: one of a kind about the same subject, which counts. Each kind has its own limit, so
/// that a flood of one kind takes no place from another. Adding never waits.
/// </summary>
internal sealed class AlarmQueue
{
    /// <summary>Subjects of one kind that may wait; alarms about others are dropped until these are written.</summary>
    public const int MaxPerKind = 1000;

    private readonly Dictionary<(string Kind, string Subject), RaisedAlarm> _waiting = [];
    private readonly Dictionary<string, int> _perKind = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Takes an alarm in, or counts it with the one that waits already.</summary>
    public void Add(RaisedAlarm raised)
    {
        var key = (raised.Kind, raised.Subject);
        lock (_lock)
        {
            var count = _perKind.GetValueOrDefault(raised.Kind);
            if (_waiting.TryGetValue(key, out var waiting)) _waiting[key] = waiting.With(raised);
            else if (count >= MaxPerKind) return;
            else (_waiting[key], _perKind[raised.Kind]) = (raised, count + 1);
        }
        _bell.Writer.TryWrite(true);
    }

    /// <summary>Waits for alarms and takes all that are there.</summary>
    public async Task<IReadOnlyList<RaisedAlarm>> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            await _bell.Reader.ReadAsync(ct);
            lock (_lock)
            {
                if (_waiting.Count == 0) continue;
                List<RaisedAlarm> taken = [.. _waiting.Values];
                _waiting.Clear();
                _perKind.Clear();
                return taken;
            }
        }
    }
}

/// <summary>An alarm on its way to the board.</summary>
/// <param name="Kind">One of <see cref="AlarmKinds"/>.</param>
/// <param name="Subject">What it concerns.</param>
/// <param name="Detail">What happened last.</param>
/// <param name="At">When it happened last.</param>
/// <param name="Data">What a resolution goes by, as JSON; null where there is none.</param>
internal sealed record RaisedAlarm(string Kind, string Subject, string Detail, DateTimeOffset At, string? Data = null)
{
    /// <summary>When it happened first.</summary>
    public DateTimeOffset FirstAt { get; init; } = At;

    /// <summary>How often it happened.</summary>
    public long Count { get; init; } = 1;

    /// <summary>Both this and what was raised of the same kind and subject: the later one speaks for them.</summary>
    public RaisedAlarm With(RaisedAlarm other)
    {
        var (first, last) = other.At < At ? (other, this) : (this, other);
        return last with { FirstAt = first.FirstAt, Count = Count + other.Count };
    }
}
