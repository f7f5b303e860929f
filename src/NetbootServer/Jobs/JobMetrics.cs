using System.Diagnostics.Metrics;
using NetbootServer.Hosting;

namespace NetbootServer.Jobs;

/// <summary>What is measured of jobs.</summary>
internal sealed class JobMetrics(ServerMeter meter)
{
    private readonly Counter<long> _jobs =
        meter.Meter.CreateCounter<long>("netboot.jobs", null, "Jobs that reached a state.");

    /// <summary>A job reached a state.</summary>
    public void Reached(JobRow job) => _jobs.Add(1,
        new KeyValuePair<string, object?>("kind", job.Kind), new KeyValuePair<string, object?>("state", job.State));
}
