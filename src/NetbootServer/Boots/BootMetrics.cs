using System.Diagnostics.Metrics;
using NetbootServer.Hosting;

namespace NetbootServer.Boots;

/// <summary>What is measured of boots.</summary>
internal sealed class BootMetrics(ServerMeter meter)
{
    private readonly Counter<long> _boots =
        meter.Meter.CreateCounter<long>("netboot.boots", null, "Boots that reached an outcome.");

    private readonly Histogram<double> _scripts = meter.Meter.CreateHistogram("netboot.script.duration", "s",
        "From a machine's question to its script.", null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                2.5],
        });

    /// <summary>A boot reached an outcome.</summary>
    public void Reached(string outcome) => _boots.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A script was handed out.</summary>
    public void Answered(TimeSpan elapsed) => _scripts.Record(elapsed.TotalSeconds);
}
