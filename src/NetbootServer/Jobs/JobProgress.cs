using System.Text.Json.Serialization;

namespace NetbootServer.Jobs;

/// <summary>How far a job is.</summary>
/// <param name="Phase">
/// What it is doing: <c>checking</c>, <c>downloading</c>, <c>evaluating</c>, <c>building</c>, <c>storing</c>.
/// </param>
public sealed record JobProgress(string Phase)
{
    /// <summary>Bytes that are here; null when bytes are not counted.</summary>
    public long? DoneBytes { get; init; }

    /// <summary>
    /// How many of them were here before, from a download that was broken off: they came at no speed.
    /// </summary>
    [JsonIgnore]
    public long HeldBytes { get; init; }

    /// <summary>Bytes there will be; null while unknown.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Builds, or store paths, that are done; null when there are no steps.</summary>
    public long? DoneSteps { get; init; }

    /// <summary>Steps there will be; null while unknown.</summary>
    public long? TotalSteps { get; init; }

    /// <summary>
    /// Bytes a second of the last seconds, as the server measures them; missing when no bytes come, or the job does not
    /// run.
    /// </summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Seconds until all bytes are here, if it goes on as fast; missing when that is unknown.</summary>
    public long? SecondsLeft { get; init; }
}

/// <summary>
/// How fast a job's bytes come: over the last seconds, so that a stall shows soon and a hiccup does not.
/// </summary>
internal sealed class JobPace(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10), Least = TimeSpan.FromSeconds(0.5),
        Apart = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Bytes)> _points = new();
    private string? _phase;
    private long _last;
    private long _notedAt;

    /// <summary>Bytes have come.</summary>
    public void Note(JobProgress progress)
    {
        lock (_lock)
        {
            // Each phase has a speed of its own; and what was thrown away has come at no speed.
            var done = (progress.DoneBytes ?? 0) - progress.HeldBytes;
            if (progress.Phase != _phase || done < _last) _points.Clear();
            (_phase, _last) = (progress.Phase, done);
            if (_points.Count > 0 && time.GetElapsedTime(_notedAt) < Apart) return;
            _notedAt = time.GetTimestamp();
            _points.Enqueue((_notedAt, _last));
            while (_points.Count > 2 && time.GetElapsedTime(_points.Peek().At) > Window) _points.Dequeue();
        }
    }

    /// <summary>The progress with its speed.</summary>
    public JobProgress Of(JobProgress progress)
    {
        var rate = progress.DoneBytes is null ? null : Rate();
        return progress with
        {
            BytesPerSecond = rate is null ? null : (long)rate,
            SecondsLeft = rate >= 1 && progress.TotalBytes - progress.DoneBytes is { } left and >= 0
                ? (long)Math.Ceiling(left / rate.Value) : null,
        };
    }

    private double? Rate()
    {
        lock (_lock)
        {
            if (!_points.TryPeek(out var first)) return null;
            var elapsed = time.GetElapsedTime(first.At);
            return elapsed < Least ? null : (_last - first.Bytes) / elapsed.TotalSeconds;
        }
    }
}
