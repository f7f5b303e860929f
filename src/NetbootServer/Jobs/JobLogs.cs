using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NetbootServer.Storage;

namespace NetbootServer.Jobs;

/// <summary>The logs of jobs: files in the data directory, and those that are still being written.</summary>
internal sealed class JobLogs(DataDirectory data, IOptions<JobsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

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

    /// <summary>
    /// Copies a job's log to a stream as it grows, from before the job's turn comes, over all of its tries, to its end.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="from">Where in the log to begin, in bytes.</param>
    /// <param name="isActive">Whether it waits or runs.</param>
    /// <param name="target">Where the log goes.</param>
    /// <param name="ct">Ends it.</param>
    public async Task FollowAsync(
        string id, long from, Func<CancellationToken, Task<bool>> isActive, Stream target, CancellationToken ct)
    {
        await target.FlushAsync(ct); // the reader sees at once that it was heard
        for (var position = from; ;)
        {
            var log = _open.GetValueOrDefault(id);
            var news = log?.News;
            var goesOn = log is not null || await isActive(ct);
            position = await CopyAsync(id, position, target, ct);
            if (!goesOn) return;
            await (news?.WaitAsync(ct) ?? Task.Delay(LookAgain, time, ct));
        }
    }

    /// <summary>Copies what there is of a job's log from a place on to a stream.</summary>
    /// <returns>The place behind it, in bytes.</returns>
    public async Task<long> CopyAsync(string id, long position, Stream target, CancellationToken ct)
    {
        if (!File.Exists(PathOf(id))) return position;
        await using var file = new FileStream(PathOf(id), FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        file.Position = Math.Min(position, file.Length);
        await file.CopyToAsync(target, ct);
        await target.FlushAsync(ct);
        return file.Position;
    }

    private string PathOf(string id) => data.Below(Path.Combine("jobs", id + ".log"));
}
