using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;

namespace NetbootServer.Hosting.Logging;

/// <summary>
/// Log lines wait here for a thread of their own that writes them, so that a slow disk or terminal delays no request.
/// That thread wakes for the first line, lets others gather for a moment and writes them all.
/// </summary>
/// <remarks>
/// Serilog.Sinks.Async wakes its writer for each line: measured in turns with it, one connection's 1 MiB ranges took
/// the server a fifth more CPU per byte. It also waits without end for a terminal that takes nothing.
/// </remarks>
internal sealed class LogQueue : ILogEventSink, IDisposable
{
    private const int Capacity = 20_000;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50), LongestEnd = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<LogEvent> _lines = new();
    private readonly AutoResetEvent _bell = new(false);
    private readonly ManualResetEvent _end = new(false);
    private readonly Logger _writing;
    private readonly Thread _writer;
    private int _count;
    private int _rung;
    private long _dropped;

    /// <param name="writing">Writes the lines; owned from here on.</param>
    public LogQueue(Logger writing)
    {
        _writing = writing;
        _writer = new Thread(Run) { Name = "log", IsBackground = true };
        _writer.Start();
    }

    /// <summary>Lines that found the queue full, since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Queues a line; never waits. Full: the line is dropped and counted.</summary>
    public void Emit(LogEvent logEvent)
    {
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _dropped);
            return;
        }
        _lines.Enqueue(logEvent);
        if (Interlocked.Exchange(ref _rung, 1) == 0) _bell.Set();
    }

    private void Run()
    {
        WaitHandle[] either = [_bell, _end];
        for (var ended = false; !ended;)
        {
            WaitHandle.WaitAny(either);
            ended = _end.WaitOne(Gathering);
            // first, and seen by all: a line that comes while these are written rings again
            Interlocked.Exchange(ref _rung, 0);
            while (_lines.TryDequeue(out var line))
            {
                Interlocked.Decrement(ref _count);
                _writing.Write(line);
            }
        }
    }

    /// <summary>Writes what is left.</summary>
    public void Dispose()
    {
        if (!_writer.IsAlive) return; // by the log, and by the container
        _end.Set();
        // A terminal that takes nothing, as after Ctrl-S, must not keep the server from ending.
        if (_writer.Join(LongestEnd)) _writing.Dispose();
    }
}
