using Microsoft.Extensions.Options;

namespace NetbootServer.Http.Bodies;

/// <summary>
/// Knows the transfers under way and ends those whose client takes nothing any more. Kestrel's own minimum data rate
/// does not see bytes that go to the socket directly, and a vanished machine sends no reset.
/// </summary>
internal sealed partial class TransferWatch(
    IOptions<BodyOptions> options, TimeProvider time, ILogger<TransferWatch> logger) : BackgroundService
{
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(5);

    private readonly HashSet<Transfer> _transfers = [];
    private readonly Lock _lock = new();

    /// <summary>How many transfers are under way.</summary>
    public int Count
    {
        get { lock (_lock) return _transfers.Count; }
    }

    public void Add(Transfer transfer)
    {
        transfer.LastSeen = (0, time.GetTimestamp());
        lock (_lock) _transfers.Add(transfer);
    }

    public void Remove(Transfer transfer)
    {
        lock (_lock) _transfers.Remove(transfer);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var limit = options.Value.StallTimeout;
        if (limit <= TimeSpan.Zero) return;
        using var rounds = new PeriodicTimer(TimeSpan.FromTicks(
            Math.Clamp(limit.Ticks / 8, ShortestRound.Ticks, LongestRound.Ticks)), time);
        while (await rounds.WaitForNextTickAsync(stoppingToken)) CutStalled(limit);
    }

    private void CutStalled(TimeSpan limit)
    {
        Transfer[] transfers;
        lock (_lock) transfers = [.. _transfers];
        var now = time.GetTimestamp();
        foreach (var transfer in transfers)
        {
            var sent = transfer.Sent;
            if (sent != transfer.LastSeen.Sent || transfer.Held)
            {
                transfer.LastSeen = (sent, now);
            }
            else if (time.GetElapsedTime(transfer.LastSeen.At, now) >= limit)
            {
                Log.Stalled(logger, sent, limit);
                transfer.Cut(limit);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "A client took no byte for {Limit} after {Bytes} of a file; its connection is ended (Http:StallTimeout)")]
        public static partial void Stalled(ILogger logger, long bytes, TimeSpan limit);
    }
}
