using Serilog.Sinks.Async;

namespace NetbootServer.Startup.Logging;

/// <summary>Sees the queue of log lines.</summary>
internal sealed class LogQueue : IAsyncLogEventSinkMonitor
{
    private volatile IAsyncLogEventSinkInspector? _queue;

    /// <summary>Lines that found the queue full, since the start.</summary>
    public long Dropped => _queue?.DroppedMessagesCount ?? 0;

    public void StartMonitoring(IAsyncLogEventSinkInspector inspector) => _queue = inspector;

    public void StopMonitoring(IAsyncLogEventSinkInspector inspector) => _queue = null;
}
