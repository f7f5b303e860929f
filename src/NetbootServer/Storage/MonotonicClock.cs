using System.Globalization;

namespace NetbootServer.Storage;

/// <summary>
/// Time since the server's data began, at the pace of a monotonic clock: it does not follow the wall clock when that is
/// set. A server without a clock battery starts in the past and jumps by months at its first NTP answer; what has an
/// age goes by this clock. It goes on over restarts, a stop included as long as the wall clock makes it a plausible
/// one.
/// </summary>
/// <param name="time">The clocks of this computer.</param>
public sealed class MonotonicClock(TimeProvider time)
{
    private const string Name = "steady-clock";

    /// <summary>A longer stop than this may as well be a clock that was set meanwhile: it is not counted.</summary>
    public static readonly TimeSpan LongestStop = TimeSpan.FromDays(1);

    private TimeSpan _offset;

    /// <summary>What it shows now.</summary>
    public TimeSpan Now => _offset + time.GetElapsedTime(0);

    /// <summary>Goes on from where it stood when the server last ran; called once, before it is asked.</summary>
    public async Task LoadAsync(Database database, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        if (Parse(await database.FindAsync(Name, ct)) is not var (stood, at))
        {
            _offset = -time.GetElapsedTime(0);
            return;
        }
        var stopped = time.GetUtcNow() - at;
        if (stopped < TimeSpan.Zero || stopped > LongestStop) stopped = TimeSpan.Zero;
        _offset = stood + stopped - time.GetElapsedTime(0);
    }

    /// <summary>Writes down what it shows, for the next start.</summary>
    public Task SaveAsync(Database database, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.SetAsync(Name, string.Create(CultureInfo.InvariantCulture,
            $"{(long)Now.TotalMilliseconds} {time.GetUtcNow().ToUnixTimeMilliseconds()}"), ct);
    }

    private static (TimeSpan Stood, DateTimeOffset At)? Parse(string? saved) =>
        saved?.Split(' ') is [var stood, var at]
        && long.TryParse(stood, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && long.TryParse(at, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var unix)
            ? (TimeSpan.FromMilliseconds(milliseconds), DateTimeOffset.FromUnixTimeMilliseconds(unix)) : null;
}
