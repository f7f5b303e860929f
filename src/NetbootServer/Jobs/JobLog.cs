using System.Globalization;
using System.Text;

namespace NetbootServer.Jobs;

/// <summary>
/// A job's log: a text file that grows line by line and that readers can follow. Bounded in size: past that the middle
/// is left out, and the last lines, which say how it ended, come at the end. A disk that is full costs lines, never
/// the job.
/// </summary>
internal sealed class JobLog : IDisposable
{
    private const int TailBytes = 32 * 1024;

    private readonly Lock _lock = new();
    private readonly FileStream? _file;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly Queue<byte[]> _tail = new();
    private TaskCompletionSource _news = NewSignal();
    private long _length;
    private int _tailLength;
    private long _leftOut;
    private bool _full;
    private bool _ended;

    public JobLog(string path, long maxBytes, TimeProvider time)
    {
        (_maxBytes, _time) = (maxBytes, time);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            _length = _file.Length;
        }
        catch (IOException)
        {
            // As when a line cannot be written.
        }
    }

    /// <summary>Ends when there is more to read, or the log has ended.</summary>
    public Task News
    {
        get
        {
            lock (_lock) return _ended ? Task.CompletedTask : _news.Task;
        }
    }

    /// <summary>Adds a line with the time of day.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            if (_ended) return;
            var stamped = Stamped(line);
            if (_full)
            {
                Hold(stamped);
                return;
            }
            _full = _length + stamped.Length > _maxBytes;
            if (_full) Hold(stamped);
            Append(_full ? Stamped("The log is full (Jobs:MaxLogBytes): of what follows only the end will be here.")
                : stamped);
        }
    }

    private byte[] Stamped(string line) => Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{_time.GetUtcNow():HH:mm:ss} {line.TrimEnd()}\n"));

    private void Hold(byte[] line)
    {
        _tail.Enqueue(line);
        _tailLength += line.Length;
        while (_tailLength > TailBytes && _tail.Count > 1)
        {
            _tailLength -= _tail.Dequeue().Length;
            _leftOut++;
        }
    }

    private void Append(byte[] bytes)
    {
        try
        {
            _file?.Write(bytes);
            _length += bytes.Length;
        }
        catch (IOException)
        {
            // The disk is full: what the job comes to stands in the database, too.
        }
        Signal();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended) return;
            if (_leftOut > 0) Append(Encoding.UTF8.GetBytes($"… {_leftOut} lines were left out …\n"));
            while (_tail.TryDequeue(out var line)) Append(line);
            _ended = true;
            _file?.Dispose();
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
