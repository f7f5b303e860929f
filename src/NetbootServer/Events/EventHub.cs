using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;

namespace NetbootServer.Events;

/// <summary>
/// Gathers what happens and keeps the last events in one ring that all readers share: a slow reader costs nothing and
/// delays no other; when the ring has passed it, it must reload.
/// </summary>
/// <remarks>
/// <code>
/// commits ──Changed(kind, key)──► dirty keys ──EventWorker, coalesced──► ring ──► readers, each at its own place
/// transfers ──────────────────────progress, a few a second──► latest tick ─────────┘
/// </code>
/// </remarks>
public sealed class EventHub
{
    private const int RingSize = 4096;
    private readonly ServerEvent?[] _ring = new ServerEvent?[RingSize];
    private readonly Lock _lock = new();
    private readonly string _instance = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private TaskCompletionSource _news = NewSignal();
    private long _next = 1;
    private int _readers;
    private Tick _tick = new(0, ImmutableSortedDictionary<string, (long, ImmutableArray<ServerEvent>)>.Empty);

    /// <summary>Stands for changes that were not loaded, because there were no readers.</summary>
    internal static readonly ServerEvent Unread = new("unread", null, "{}");

    /// <summary>Too much has changed for single events, or one was lost: readers load everything again.</summary>
    internal static readonly ServerEvent Reset = new("reset", null, "{}");

    /// <summary>Keys that changed and were not yet published.</summary>
    internal ConcurrentDictionary<(string Kind, string Key), byte> Dirty { get; } = new();

    /// <summary>Wakes the worker when the first key becomes dirty.</summary>
    internal SemaphoreSlim Woken { get; } = new(0, 1);

    /// <summary>How many readers there are now.</summary>
    public int Readers => Volatile.Read(ref _readers);

    /// <summary>A resource changed; its readers are notified within a moment, at most once a second.</summary>
    public void Changed(string kind, string key)
    {
        if (!Dirty.TryAdd((kind, key), 0)) return;
        try
        {
            if (Woken.CurrentCount == 0) Woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another change woke the worker at the same moment.
        }
    }

    /// <summary>Publishes an event that a reader can resume after.</summary>
    public void Publish(ServerEvent happened)
    {
        lock (_lock)
        {
            _ring[_next % RingSize] = happened;
            _next++;
            Signal();
        }
    }

    /// <summary>Publishes progress: only the latest of each kind counts, none is kept.</summary>
    public void PublishProgress(string kind, ImmutableArray<ServerEvent> progress)
    {
        lock (_lock)
        {
            var number = _tick.Number + 1;
            _tick = new(number, _tick.Kinds.SetItem(kind, (number, progress)));
            Signal();
        }
    }

    /// <summary>Begins to read.</summary>
    /// <param name="lastEventId">The id of the last event seen; null to begin now.</param>
    public EventReader Subscribe(string? lastEventId)
    {
        Interlocked.Increment(ref _readers);
        lock (_lock)
        {
            if (lastEventId is null) return new(this, _next, mustReset: false);
            var parts = lastEventId.Split('-');
            var known = parts.Length == 2 && parts[0] == _instance
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && last < _next && last >= _next - RingSize - 1
                ? last + 1 : (long?)null;
            for (var at = known ?? _next; at < _next && known is not null; at++)
                // a change that was not loaded, as there were no readers
                if (_ring[at % RingSize] == Unread) known = null;
            return new(this, known ?? _next, mustReset: known is null);
        }
    }

    internal void Unsubscribe() => Interlocked.Decrement(ref _readers);

    internal string IdOf(long position) => string.Create(CultureInfo.InvariantCulture, $"{_instance}-{position}");

    /// <summary>What there is after a place; <c>Missed</c> when the ring has passed it.</summary>
    internal (ImmutableArray<(long Position, ServerEvent Event)> Events, Tick Tick, Task News, bool Missed, long Next)
        Read(long position)
    {
        lock (_lock)
        {
            var missed = position < _next - RingSize;
            var events = ImmutableArray.CreateBuilder<(long, ServerEvent)>();
            for (var at = missed ? _next : position; at < _next; at++) events.Add((at, _ring[at % RingSize]!));
            return (events.DrainToImmutable(), _tick, _news.Task, missed, _next);
        }
    }

    private void Signal()
    {
        var before = _news;
        _news = NewSignal();
        before.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The latest progress.</summary>
    internal sealed record Tick(
        long Number, ImmutableSortedDictionary<string, (long Number, ImmutableArray<ServerEvent> Events)> Kinds);
}
