namespace NetbootServer.Serving;

/// <summary>
/// How fast bytes come now: the mean over the last seconds, so that a stall shows soon and a hiccup does not. Any
/// thread may call it.
/// </summary>
/// <param name="window">The time that the mean is taken over.</param>
/// <param name="time">The clock.</param>
internal sealed class RateMeter(TimeSpan window, TimeProvider time)
{
    /// <summary>A shorter time is not measured: buffers fill at once, whatever the network does.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);

    /// <summary>Points that lie closer together are one.</summary>
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Bytes)> _points = new();
    private long _bytes, _notedAt;

    /// <summary>How many bytes have come in all; fewer than before, and it begins anew.</summary>
    public void Note(long bytes)
    {
        lock (_lock)
        {
            if (bytes < _bytes) _points.Clear();
            _bytes = bytes;
            if (_points.Count > 0 && time.GetElapsedTime(_notedAt) < Apart) return;
            _notedAt = time.GetTimestamp();
            _points.Enqueue((_notedAt, bytes));
            while (_points.Count > 2 && time.GetElapsedTime(_points.Peek().At) > window) _points.Dequeue();
        }
    }

    /// <summary>Begins anew: what came before has another pace.</summary>
    public void Restart()
    {
        lock (_lock) _points.Clear();
    }

    /// <summary>Bytes a second; null as long as too little is known.</summary>
    public double? BytesPerSecond
    {
        get
        {
            lock (_lock)
            {
                if (!_points.TryPeek(out var first)) return null;
                var elapsed = time.GetElapsedTime(first.At);
                return elapsed < Least ? null : (_bytes - first.Bytes) / elapsed.TotalSeconds;
            }
        }
    }
}
