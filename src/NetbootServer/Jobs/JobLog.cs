using System.Globalization;
using System.Text;

namespace NetbootServer.Jobs;

/// <summary>A job's log: a text file that grows line by line, bounded in size, and that readers can follow.</summary>
internal sealed class JobLog : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private TaskCompletionSource _news = NewSignal();
    private bool _full;
    private bool _ended;

    public JobLog(string path, long maxBytes, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        (_maxBytes, _time) = (maxBytes, time);
    }

    /// <summary>Ends when there is more to read, or the log has ended.</summary>
    public Task News
    {
        get
        {
            lock (_lock) return _ended ? Task.CompletedTask : _news.Task;
        }
    }

    /// <summary>Whether no line follows any more.</summary>
    public bool HasEnded => Volatile.Read(ref _ended);

    /// <summary>Adds a line with the time of day. Past the greatest size one line says so, and nothing follows.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            if (_full || _ended) return;
            if (_file.Length > _maxBytes)
            {
                _full = true;
                line = "The log is full (Jobs:MaxLogBytes): later lines are left out.";
            }
            var stamped = string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():HH:mm:ss} {line.TrimEnd()}\n");
            _file.Write(Encoding.UTF8.GetBytes(stamped));
            Signal();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _file.Dispose();
            Signal();
        }
    }

    private void Signal()
    {
        var before = _news;
        _news = NewSignal();
        before.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
