using System.Collections.Concurrent;
using NetbootServer.Jobs;

namespace NetbootServer.Tests.Jobs;

/// <summary>A kind of job that only these tests register: the engine knows it by nothing else.</summary>
internal sealed class TestWork() : JobWork("test")
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);
    private int _running, _most;

    public override string SubjectKind => "machine";

    public override string AlarmKind => "test-failing";

    /// <summary>The jobs that have begun, in order; each try counts.</summary>
    public ConcurrentQueue<JobContext> Begun { get; } = new();

    public IEnumerable<string?> Subjects => Begun.Select(job => job.Subject);

    /// <summary>The jobs that have ended.</summary>
    public ConcurrentQueue<Job> Finished { get; } = new();

    /// <summary>How many ran at once at most.</summary>
    public int Most => _most;

    /// <summary>Why a job fails; null: it succeeds.</summary>
    public Func<JobContext, Exception?> Fault { get; set; } = _ => null;

    /// <summary>Jobs of a subject do not end before <see cref="LetGo"/>.</summary>
    public void Hold(string subject) => _held[subject] = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo(string subject) => _held[subject].TrySetResult();

    public override async Task<string?> RunAsync(JobContext job, IJobProgress progress, CancellationToken ct)
    {
        InterlockedMax(Interlocked.Increment(ref _running));
        Begun.Enqueue(job);
        try
        {
            progress.Log($"Working for {job.Subject}");
            if (_held.TryGetValue(job.Subject!, out var held)) await held.Task.WaitAsync(ct);
            return Fault(job) is { } fault ? throw fault : "a-result";
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public override void Ended(Job job) => Finished.Enqueue(job);

    private void InterlockedMax(int value)
    {
        for (var most = _most; value > most; most = _most) Interlocked.CompareExchange(ref _most, value, most);
    }
}
