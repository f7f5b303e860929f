using System.Text.Json.Serialization;
using NetbootServer.Serving;

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

/// <summary>How fast a job's bytes come.</summary>
internal sealed class JobPace(TimeProvider time)
{
    private readonly RateMeter _meter = new(TimeSpan.FromSeconds(10), time);
    private string? _phase;

    /// <summary>Bytes have come.</summary>
    public void Note(JobProgress progress)
    {
        // Each phase has a speed of its own; and what was here before has come at no speed.
        if (Interlocked.Exchange(ref _phase, progress.Phase) != progress.Phase) _meter.Restart();
        _meter.Note((progress.DoneBytes ?? 0) - progress.HeldBytes);
    }

    /// <summary>The progress with its speed.</summary>
    public JobProgress Of(JobProgress progress)
    {
        var rate = progress.DoneBytes is null ? null : _meter.BytesPerSecond;
        return progress with
        {
            BytesPerSecond = rate is null ? null : (long)rate,
            SecondsLeft = rate >= 1 && progress.TotalBytes - progress.DoneBytes is { } left and >= 0
                ? (long)Math.Ceiling(left / rate.Value) : null,
        };
    }
}
