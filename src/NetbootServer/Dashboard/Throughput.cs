using NetbootServer.Boots.Transfers;
using NetbootServer.Hosting;

namespace NetbootServer.Dashboard;

/// <summary>
/// Counts once a second what has left for booting machines: the last hour finely, the last day coarsely.
/// </summary>
internal sealed class Throughput(LiveBoots live, WorkerServices services, TimeProvider time, ILogger<Throughput> logger)
    : ResilientWorker("throughput counter", services, logger)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ThroughputRing _hour = new(TimeSpan.FromSeconds(10), 360);
    private readonly ThroughputRing _day = new(TimeSpan.FromMinutes(5), 288);
    private Dictionary<LiveTransfer, long> _seen = [];

    /// <summary>The samples of the last hour, or day.</summary>
    public List<ThroughputSample> Samples(bool day)
    {
        lock (_lock) return (day ? _day : _hour).Samples(time.GetUtcNow());
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) Round(Count);
    }

    /// <summary>What came since the last look; a transfer that ended stays long enough to be counted whole.</summary>
    internal void Count()
    {
        var seen = new Dictionary<LiveTransfer, long>();
        var sent = 0L;
        foreach (var transfer in live.Transfers)
        {
            var bytes = transfer.BytesSent;
            sent += bytes - _seen.GetValueOrDefault(transfer);
            seen[transfer] = bytes;
        }
        _seen = seen;
        lock (_lock)
        {
            _hour.Add(time.GetUtcNow(), sent);
            _day.Add(time.GetUtcNow(), sent);
        }
    }
}
