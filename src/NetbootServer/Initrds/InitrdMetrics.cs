using System.Diagnostics.Metrics;
using NetbootServer.Hosting;

namespace NetbootServer.Initrds;

/// <summary>What is measured of composed initrds.</summary>
internal sealed class InitrdMetrics(ServerMeter meter)
{
    private readonly Counter<long> _paths = meter.Meter.CreateCounter<long>("netboot.initrd.paths", null,
        "Store paths that initrds were composed of: packed for it, or reused.");

    /// <summary>A store path was packed.</summary>
    public void Packed() => Count("packed", 1);

    /// <summary>Store paths were there already.</summary>
    public void Reused(int count) => Count("reused", count);

    private void Count(string how, int count) => _paths.Add(count, new KeyValuePair<string, object?>("how", how));
}
