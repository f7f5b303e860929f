using Microsoft.Extensions.Options;
using NetbootServer.Hosting;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// Knows the transfers under way and ends those whose client takes nothing any more. Kestrel's own minimum data rate
/// does not see bytes that go to the socket directly, and a vanished machine sends no reset. A client takes bytes as
/// long as its system acknowledges some, also while the socket is too full to accept more.
/// </summary>
internal sealed partial class TransferWatch(IOptions<BodyOptions> options, WorkerServices services, TimeProvider time,
    ILogger<TransferWatch> logger) : ResilientWorker("transfer watch", services, logger)
{
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(5);

    // A system opens its receive window again in steps of 64 KiB and more. What is seen of a very slow reader is
    // nothing for a while, then a step: one that has moved after a silence may be silent for somewhat longer the next
    // time.
    private const int Patience = 3, MostPatience = 4;

    private readonly HashSet<Transfer> _transfers = [];
    private readonly Lock _lock = new();

    /// <summary>How many transfers are under way.</summary>
    public int Count
    {
        get { lock (_lock) return _transfers.Count; }
    }

    public void Add(Transfer transfer)
    {
        transfer.LastSeen = (0, null, time.GetTimestamp());
        lock (_lock) _transfers.Add(transfer);
    }

    public void Remove(Transfer transfer)
    {
        lock (_lock) _transfers.Remove(transfer);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        var limit = options.Value.StallTimeout;
        if (limit <= TimeSpan.Zero) return;
        using var rounds = new PeriodicTimer(TimeSpan.FromTicks(
            Math.Clamp(limit.Ticks / 8, ShortestRound.Ticks, LongestRound.Ticks)), time);
        while (await rounds.WaitForNextTickAsync(stoppingToken)) Round(() => CutStalled(limit));
    }

    private void CutStalled(TimeSpan limit)
    {
        Transfer[] transfers;
        lock (_lock) transfers = [.. _transfers];
        var now = time.GetTimestamp();
        foreach (var transfer in transfers)
        {
            var (sent, acknowledged) = (transfer.Sent, transfer.Acknowledged);
            if (sent != transfer.LastSeen.Sent || acknowledged != transfer.LastSeen.Acknowledged || transfer.Held)
            {
                var silence = time.GetElapsedTime(transfer.LastSeen.At, now);
                if (silence > transfer.LongestSilence && !transfer.Held) transfer.LongestSilence = silence;
                transfer.LastSeen = (sent, acknowledged, now);
            }
            else if (time.GetElapsedTime(transfer.LastSeen.At, now) >= AllowedSilence(transfer, limit))
            {
                Log.Stalled(logger, sent, limit);
                transfer.Cut(limit);
            }
        }
    }

    private static TimeSpan AllowedSilence(Transfer transfer, TimeSpan limit) => TimeSpan.FromTicks(
        Math.Clamp(Patience * transfer.LongestSilence.Ticks, limit.Ticks, MostPatience * limit.Ticks));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "A client took no byte for {Limit} after {Bytes} of a file; its connection is ended (Http:StallTimeout)")]
        public static partial void Stalled(ILogger logger, long bytes, TimeSpan limit);
    }
}
