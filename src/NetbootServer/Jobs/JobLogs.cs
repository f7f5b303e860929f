using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>The logs of jobs: files in the data directory, and those that are still being written.</summary>
internal sealed class JobLogs(DataDirectory data, IOptions<JobsOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, JobLog> _open = new(StringComparer.Ordinal);

    /// <summary>Opens a job's log for another try.</summary>
    public JobLog Open(string id) => _open[id] = new(PathOf(id), options.Value.MaxLogBytes, time);

    /// <summary>Ends a job's log.</summary>
    public void Close(string id)
    {
        if (_open.TryRemove(id, out var log)) log.Dispose();
    }

    /// <summary>Removes the logs of forgotten jobs.</summary>
    public void Remove(IEnumerable<string> ids)
    {
        foreach (var id in ids) File.Delete(PathOf(id));
    }

    /// <summary>Copies a job's log to a stream; follows it until it ends when asked to.</summary>
    public async Task CopyAsync(string id, bool follow, Stream target, CancellationToken ct)
    {
        if (!File.Exists(PathOf(id))) return;
        await using var file = new FileStream(PathOf(id), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        while (true)
        {
            var log = follow ? _open.GetValueOrDefault(id) : null;
            var news = log?.News;
            var ended = log is null || log.HasEnded;
            await file.CopyToAsync(target, ct);
            await target.FlushAsync(ct);
            if (ended) return;
            await news!.WaitAsync(ct);
        }
    }

    private string PathOf(string id) => data.Below(Path.Combine("jobs", id + ".log"));
}
