namespace NetbootServer.Tests.Fixtures;

/// <summary>The system's clocks, of which the wall clock can be set, as NTP does, and both can be moved on.</summary>
internal sealed class SetClock : TimeProvider
{
    private long _set, _passed;

    public override DateTimeOffset GetUtcNow() =>
        base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _set) + Interlocked.Read(ref _passed));

    public override long GetTimestamp() =>
        base.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _passed))
            .TotalSeconds * TimestampFrequency);

    /// <summary>Sets the wall clock; no time passes.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref _set, by.Ticks);

    /// <summary>Time passes, for whoever looks at it; timers go on as before.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);
}
