using NetbootServer.Jobs;

namespace NetbootServer.Downloads;

/// <summary>Adds up what several downloads at once have done, and passes each step on: before a stall, too.</summary>
/// <param name="progress">Receives each step.</param>
/// <param name="maxBytes">The most that may come in all.</param>
public sealed class SourceMeter(IJobProgress progress, long maxBytes = long.MaxValue)
{
    private readonly Lock _lock = new();
    private JobProgress _now = new("checking");

    /// <summary>Begins a phase; what was counted stays.</summary>
    public void Phase(string phase) => Change(now => now with { Phase = phase });

    /// <summary>More bytes are expected, or fewer when negative.</summary>
    /// <exception cref="SourceException">They are too many.</exception>
    public void ExpectBytes(long count) =>
        Change(now => now with { TotalBytes = (now.TotalBytes ?? 0) + count, DoneBytes = now.DoneBytes ?? 0 });

    /// <summary>Bytes have come; negative when they were thrown away.</summary>
    /// <exception cref="SourceException">They are too many.</exception>
    public void AddBytes(long count) => Change(now => now with { DoneBytes = (now.DoneBytes ?? 0) + count });

    /// <summary>Bytes are here from before.</summary>
    /// <exception cref="SourceException">They are too many.</exception>
    public void AddHeldBytes(long count) => Change(now =>
        now with { DoneBytes = (now.DoneBytes ?? 0) + count, HeldBytes = now.HeldBytes + count });

    /// <summary>More steps are expected.</summary>
    public void ExpectSteps(long count) =>
        Change(now => now with { TotalSteps = (now.TotalSteps ?? 0) + count, DoneSteps = now.DoneSteps ?? 0 });

    /// <summary>Steps are done.</summary>
    public void AddSteps(long count) => Change(now => now with { DoneSteps = (now.DoneSteps ?? 0) + count });

    /// <summary>A line for the log.</summary>
    public void Log(string line) => progress.Log(line);

    private void Change(Func<JobProgress, JobProgress> change)
    {
        lock (_lock)
        {
            _now = change(_now);
            if (Math.Max(_now.TotalBytes ?? 0, _now.DoneBytes ?? 0) > maxBytes)
                throw new SourceException(SourceProblems.TooLarge,
                    $"The version would take {SourceText.Bytes(Math.Max(_now.TotalBytes ?? 0, _now.DoneBytes ?? 0))} " +
                    $"in all; {SourceText.Bytes(maxBytes)} are allowed (Images:MaxVersionBytes).");
            progress.Report(_now);
        }
    }
}
