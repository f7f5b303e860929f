using System.Collections.Concurrent;
using NetbootServer.Images.Sources;

namespace NetbootServer.Jobs;

/// <summary>The jobs at work on this server.</summary>
internal sealed class JobRuns
{
    private readonly ConcurrentDictionary<string, JobRun> _runs = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public ICollection<JobRun> All => _runs.Values;

    /// <summary>The run of a job; null when it does not run here.</summary>
    public JobRun? Find(string id) => _runs.GetValueOrDefault(id);

    /// <summary>A job begins.</summary>
    public void Begin(JobRun run) => _runs[run.Id] = run;

    /// <summary>A job ends.</summary>
    public void End(JobRun run) => _runs.TryRemove(run.Id, out _);
}

/// <summary>A job at work: how far it is, its log, and the way to cancel it.</summary>
/// <param name="id">The job's id.</param>
/// <param name="log">Where its lines go.</param>
/// <param name="stopping">The server stops.</param>
internal sealed class JobRun(string id, JobLog log, CancellationToken stopping) : ISourceProgress, IDisposable
{
    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private volatile SourceProgress? _progress;
    private volatile bool _cancelled;

    public string Id { get; } = id;

    /// <summary>How far it is.</summary>
    public SourceProgress? Progress => _progress;

    /// <summary>Whether somebody has cancelled it, other than by stopping the server.</summary>
    public bool IsCancelled => _cancelled;

    /// <summary>Ends when it is cancelled or the server stops.</summary>
    public CancellationToken Token => _end.Token;

    public void Report(SourceProgress progress) => _progress = progress;

    public void Log(string line) => log.Write(line);

    public void Cancel()
    {
        _cancelled = true;
        _end.Cancel();
    }

    public void Dispose() => _end.Dispose();
}
