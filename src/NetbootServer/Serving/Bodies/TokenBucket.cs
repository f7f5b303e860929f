namespace NetbootServer.Serving.Bodies;

/// <summary>
/// A rate that many senders share: each takes its next bytes first and waits until the bytes before them would have
/// gone at that rate, so that they have their turns in order.
/// </summary>
internal sealed class TokenBucket(long bytesPerSecond, TimeProvider time)
{
    private const double SecondsAhead = 0.1; // so much may go at once after a pause

    private readonly long _started = time.GetTimestamp();
    private readonly Lock _lock = new();
    private double _next; // when the next bytes may go, in seconds since the start

    /// <summary>How much is best taken in one turn when so many share.</summary>
    public long Portion(int sharers) =>
        Math.Clamp(bytesPerSecond / (10 * Math.Max(1, sharers)), Math.Min(16 << 10, bytesPerSecond), 1 << 20);

    /// <summary>Takes bytes; they may go after the answered time.</summary>
    public TimeSpan Take(long bytes)
    {
        var now = time.GetElapsedTime(_started).TotalSeconds;
        lock (_lock)
        {
            var turn = Math.Max(_next, now - SecondsAhead);
            _next = turn + (double)bytes / bytesPerSecond;
            return turn <= now ? TimeSpan.Zero : TimeSpan.FromSeconds(turn - now);
        }
    }

    /// <summary>Gives bytes back that were taken and have not gone.</summary>
    public void GiveBack(long bytes)
    {
        lock (_lock) _next -= (double)bytes / bytesPerSecond;
    }
}
