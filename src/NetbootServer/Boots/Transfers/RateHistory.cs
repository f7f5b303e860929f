using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace NetbootServer.Boots.Transfers;

/// <summary>
/// The rates of boots under way, and of those that ended a while ago. The watch adds to them at each of its looks; who
/// sends bytes knows nothing of it.
/// </summary>
internal sealed class RateHistory
{
    /// <summary>How long the rates of a boot stay after its last byte.</summary>
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(15);

    /// <summary>
    /// A look that comes late is followed by one that comes early: too short a time to measure a rate.
    /// </summary>
    internal static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(250);

    /// <summary>What lies longer before is not the last look, but a pause of the watch.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    /// <summary>Boots that are kept at most, some 10 KiB each.</summary>
    private const int MostBoots = 2_000;

    private readonly ConcurrentDictionary<string, RateLine> _boots = new(StringComparer.Ordinal);
    private DateTimeOffset _lookedAt;

    /// <summary>The rates of a boot; none when nothing is known of it.</summary>
    public ImmutableArray<RateSample> Of(string boot) =>
        _boots.TryGetValue(boot, out var line) ? line.Samples() : [];

    /// <summary>The wall clock was set: what lies between the last look and this instant has no length.</summary>
    public void Skip(DateTimeOffset now) => _lookedAt = now;

    /// <summary>Adds what the transfers have taken since the last look; the watch alone calls it.</summary>
    public void Look(IEnumerable<LiveTransfer> transfers, DateTimeOffset now)
    {
        if (now < _lookedAt) _lookedAt = now; // the clock was set back
        var before = _lookedAt;
        if (now - before < ShortestLook) return;
        _lookedAt = now;
        foreach (var boot in transfers.Where(transfer => transfer.EndedAt is null || transfer.HasNews)
            .GroupBy(transfer => transfer.Ticket.Boot, StringComparer.Ordinal))
        {
            // Over the whole look, also when a transfer began within it: buffers fill at once, whatever the network
            // does.
            var began = boot.Min(transfer => transfer.StartedAt);
            var from = now - before <= LongestLook || began < before ? before : began;
            if (from < now) LineOf(boot.Key).Add(from, now, boot.Sum(transfer => transfer.TakeNews()));
        }
        Forget(now);
    }

    private RateLine LineOf(string boot) => _boots.GetOrAdd(boot, _ => new());

    private void Forget(DateTimeOffset now)
    {
        foreach (var (boot, line) in _boots)
            if (line.LastAt < now - Keep) _boots.TryRemove(boot, out _);
        if (_boots.Count <= MostBoots) return;
        // A tenth more, so that this is not done at every look.
        foreach (var (boot, _) in _boots.OrderBy(entry => entry.Value.LastAt).Take(_boots.Count - MostBoots * 9 / 10)
            .ToList())
            _boots.TryRemove(boot, out _);
    }
}
