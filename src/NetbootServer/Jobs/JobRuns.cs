using System.Collections.Concurrent;

namespace NetbootServer.Jobs;

/// <summary>The jobs that run on this server.</summary>
internal sealed class JobRuns(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, JobRun> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _cancelled = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public ICollection<JobRun> All => _runs.Values;

    /// <summary>The run of a job; null when it does not run here.</summary>
    public JobRun? Find(string id) => _runs.GetValueOrDefault(id);

    /// <summary>A job begins; dispose the run at its end.</summary>
    public JobRun Begin(string id, JobLog log, CancellationToken stopping)
    {
        var run = _runs[id] = new JobRun(id, log, time, stopping);
        if (_cancelled.ContainsKey(id)) run.Cancel();
        return run;
    }

    /// <summary>Whether a job that has not ended yet is cancelled.</summary>
    public bool IsCancelled(string id) => _cancelled.ContainsKey(id);

    /// <summary>Cancels a job, also one that is just about to begin.</summary>
    public void Cancel(string id)
    {
        _cancelled[id] = true;
        Find(id)?.Cancel();
    }

    /// <summary>A job has ended.</summary>
    public void End(string id)
    {
        _runs.TryRemove(id, out _);
        _cancelled.TryRemove(id, out _);
    }
}

/// <summary>A running job: how far it is, its log, and the way to cancel it.</summary>
/// <param name="id">The job's id.</param>
/// <param name="log">Where its lines go.</param>
/// <param name="time">The clock.</param>
/// <param name="stopping">The server stops.</param>
internal sealed class JobRun(string id, JobLog log, TimeProvider time, CancellationToken stopping) : IJobProgress,
    IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly JobPace _pace = new(time);
    private volatile JobProgress? _progress;
    private volatile bool _cancelled;

    public string Id { get; } = id;

    /// <summary>How far it is.</summary>
    public JobProgress? Progress => _progress;

    /// <summary>How far it is, how fast it gets on and how long that will take.</summary>
    public JobProgress? Live => _progress is { } progress ? _pace.Of(progress) : null;

    /// <summary>Whether it was cancelled, other than by stopping the server.</summary>
    public bool IsCancelled => _cancelled;

    /// <summary>Ends when it is cancelled or the server stops.</summary>
    public CancellationToken Token => _end.Token;

    public void Report(JobProgress progress)
    {
        _pace.Note(progress);
        _progress = progress;
    }

    public void Log(string line) => log.Write(line);

    public void Cancel()
    {
        _cancelled = true;
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public void Dispose() => _end.Dispose();
}
