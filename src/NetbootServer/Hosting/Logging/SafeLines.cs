using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace NetbootServer.Hosting.Logging;

/// <summary>
/// Whatever a line says, and wherever that comes from, a terminal shows it harmlessly and as one line: see
/// <see cref="SafeText"/>. In JSON the escapes are JSON's own, so that nothing is lost.
/// </summary>
/// <param name="format">Writes the line.</param>
internal sealed class SafeLines(ITextFormatter format) : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        format.Format(logEvent, line);
        output.Write(SafeText.Lines(line.ToString()));
    }

    /// <summary>Takes the line ends out of values: text cannot tell them from those between lines.</summary>
    public sealed class Values : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            foreach (var (name, value) in logEvent.Properties.ToList())
                if (value is ScalarValue { Value: not (null or IFormattable) and var inner }
                    && inner.ToString() is { } text && SafeText.Line(text) is var safe && !ReferenceEquals(safe, text))
                    logEvent.AddOrUpdateProperty(new(name, new ScalarValue(safe)));
        }
    }
}
