using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace NetbootServer.Events;

/// <summary>One reader's place in the events.</summary>
public sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private readonly EventHub _hub;
    private long _position;
    private long _tick;
    private bool _mustReset;

    internal EventReader(EventHub hub, long position, bool mustReset) =>
        (_hub, _position, _mustReset, _tick) = (hub, position, mustReset, hub.Read(position).Tick.Number);

    /// <summary>
    /// Events as they happen, until <paramref name="ct"/> ends. A <c>heartbeat</c> comes every 10 s, whatever else
    /// does: who hears none knows that the connection, or the server, stands still. <c>reset</c> says that events were
    /// missed.
    /// </summary>
    /// <param name="wanted">Which events to send.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Ends the reading.</param>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync(
        Func<ServerEvent, bool> wanted, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        yield return new("{}", "hello")
        {
            EventId = _hub.IdOf(_position - 1),
            ReconnectionInterval = TimeSpan.FromSeconds(2)
        };
        var beat = time.GetTimestamp();
        while (!ct.IsCancellationRequested)
        {
            var (events, tick, news, missed, next) = _hub.Read(_position);
            if (missed || _mustReset)
            {
                (_position, _mustReset) = (next, false);
                yield return new("{}", "reset") { EventId = _hub.IdOf(_position - 1) };
                continue;
            }
            foreach (var (position, happened) in events)
            {
                _position = position + 1;
                if (wanted(happened)) yield return new(happened.Data, happened.Type) { EventId = _hub.IdOf(position) };
            }
            foreach (var progress in tick.Kinds.Values.Where(kind => kind.Number > _tick)
                .SelectMany(kind => kind.Events))
                if (wanted(progress)) yield return new(progress.Data, progress.Type);
            _tick = tick.Number;
            var left = Heartbeat - time.GetElapsedTime(beat);
            if (left > TimeSpan.Zero)
            {
                await WaitAsync(news, left, time, ct);
                continue;
            }
            beat = time.GetTimestamp();
            yield return new("{}", "heartbeat");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hub.Unsubscribe();

    /// <summary>Ends when there is something new, after so long, or when the reading ends.</summary>
    private static async Task WaitAsync(Task news, TimeSpan most, TimeProvider time, CancellationToken ct)
    {
        try
        {
            await news.WaitAsync(most, time, ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // The loop sees what it is.
        }
    }
}
