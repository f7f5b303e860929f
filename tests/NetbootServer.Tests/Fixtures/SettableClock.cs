namespace NetbootServer.Tests.Fixtures;

/// <summary>A clock whose wall time can be set, as by NTP or a person, beside the time that really passes.</summary>
internal sealed class SettableClock : TimeProvider
{
    private long _elapsed;

    /// <summary>What the clock on the wall says.</summary>
    public DateTimeOffset Wall { get; set; } = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Wall;

    public override long GetTimestamp() => _elapsed;

    /// <summary>Time passes, by both.</summary>
    public void Pass(TimeSpan time)
    {
        _elapsed += time.Ticks;
        Wall += time;
    }
}
