using System.Collections.Concurrent;
using NetbootServer.Jobs;

namespace NetbootServer.TestKit;

/// <summary>Keeps what a job reports.</summary>
public sealed class RecordedProgress : IJobProgress
{
    public ConcurrentQueue<JobProgress> Reports { get; } = new();

    public ConcurrentQueue<string> Lines { get; } = new();

    public void Report(JobProgress progress) => Reports.Enqueue(progress);

    public void Log(string line) => Lines.Enqueue(line);
}
