using System.Collections.Concurrent;
using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace NetbootServer.Tests.Fixtures;

/// <summary>Keeps what is logged: the message with its values, and the exception.</summary>
public sealed class LogLines : ILogEventSink
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>All of them, at any level and from anywhere.</summary>
    public IEnumerable<string> All => _lines;

    /// <summary>Those that the product's own settings let through.</summary>
    public IEnumerable<string> Printed => _lines.Where(line => line.StartsWith("Warning", StringComparison.Ordinal)
        || line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Fatal", StringComparison.Ordinal)
        || (line.StartsWith("Information", StringComparison.Ordinal)
            && !line.Contains("SourceContext=\"Microsoft", StringComparison.Ordinal)));

    public void Emit(LogEvent logEvent) => _lines.Enqueue(
        $"{logEvent.Level} {logEvent.RenderMessage(CultureInfo.InvariantCulture)} " +
        $"{string.Join(' ', logEvent.Properties.Select(property => $"{property.Key}={property.Value}"))} " +
        $"{logEvent.Exception}");
}
