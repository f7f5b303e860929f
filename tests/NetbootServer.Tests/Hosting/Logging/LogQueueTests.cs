using System.Collections.Concurrent;
using NetbootServer.Hosting.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace NetbootServer.Tests.Hosting.Logging;

public sealed class LogQueueTests
{
    /// <summary>A terminal that stands still until it is let go on.</summary>
    private sealed class Terminal : ILogEventSink, IDisposable
    {
        private readonly ManualResetEventSlim _open = new(initialState: true);

        public ConcurrentQueue<string> Lines { get; } = new();
        public int Begun;

        public void Stop() => _open.Reset();

        public void GoOn() => _open.Set();

        public void Emit(LogEvent logEvent)
        {
            Interlocked.Increment(ref Begun);
            _open.Wait();
            Lines.Enqueue(logEvent.RenderMessage());
        }

        public void Dispose() => _open.Dispose();
    }

    private static Logger To(ILogEventSink sink) =>
        new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(sink).CreateLogger();

    [Fact]
    public async Task Lines_are_written_in_order_while_the_server_runs_and_the_rest_at_its_end()
    {
        using var terminal = new Terminal();
        var queue = new LogQueue(To(terminal));
        var log = To(queue);
        log.Debug("first");
        await Until.TrueAsync(() => terminal.Lines.Count == 1, "the first line");
        for (var i = 0; i < 1000; i++) log.Information("line {Number}", i);
        queue.Dispose();
        queue.Dispose();
        Assert.Equal(["first", .. Enumerable.Range(0, 1000).Select(i => $"line {i}")], terminal.Lines);
    }

    [Fact]
    public async Task A_terminal_that_stands_still_holds_up_nobody_and_what_is_too_much_is_dropped_and_counted()
    {
        using var terminal = new Terminal();
        terminal.Stop();
        using var queue = new LogQueue(To(terminal));
        var log = To(queue);
        log.Information("in the terminal");
        await Until.TrueAsync(() => terminal.Begun == 1, "the terminal to be busy");
        for (var i = 0; i < 20_007; i++) log.Information("line {Number}", i);
        Assert.Equal(7, queue.Dropped);
        terminal.GoOn();
        await Until.TrueAsync(() => terminal.Lines.Count == 20_001, "the lines");
        log.Information("later");
        await Until.TrueAsync(() => terminal.Lines.Last() == "later", "the next line");
        Assert.Equal(7, queue.Dropped);
    }
}
