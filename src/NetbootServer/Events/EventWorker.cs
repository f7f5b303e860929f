using System.Collections.Frozen;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>
/// Turns changed keys into events with the resource's own JSON: the first change of a resource at once, further ones
/// at most one a second. Without readers, nothing is loaded.
/// </summary>
internal sealed partial class EventWorker(EventHub hub, IEnumerable<EventView> sources, WorkerServices services,
    TimeProvider time, ILogger<EventWorker> logger) : ResilientWorker("event stream", services, logger)
{
    /// <summary>
    /// Loads of a resource before its event is given up, not counting those of a database that is away.
    /// </summary>
    private const int MostLoads = 5;

    private static readonly TimeSpan PerResource = TimeSpan.FromSeconds(1), Rest = TimeSpan.FromMilliseconds(50);
    private readonly FrozenDictionary<string, EventView> _sources =
        sources.ToFrozenDictionary(source => source.Kind);
    private readonly Dictionary<(string, string), long> _published = [];

    /// <summary>How often the load of a changed resource has failed.</summary>
    private readonly Dictionary<(string, string), int> _failed = [];

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (hub.Dirty.IsEmpty) await hub.Woken.WaitAsync(stoppingToken);
            await RoundAsync(() => NotifyAsync(stoppingToken), stoppingToken);
            await Task.Delay(Rest, time, stoppingToken);
        }
    }

    private async Task NotifyAsync(CancellationToken ct)
    {
        var now = time.GetTimestamp();
        foreach (var old in _published.Where(sent => time.GetElapsedTime(sent.Value, now) > PerResource)
            .Select(sent => sent.Key).ToList())
            _published.Remove(old);
        foreach (var changed in hub.Dirty.Keys)
        {
            if (_published.ContainsKey(changed)) continue; // published less than a second ago: its turn comes
            hub.Dirty.TryRemove(changed, out _);
            _published[changed] = now;
            if (hub.Readers == 0)
            {
                _failed.Remove(changed);
                hub.Publish(EventHub.Unread); // a reader that resumes from before this must reload
                continue;
            }
            await NotifyAsync(changed, ct);
        }
    }

    private async Task NotifyAsync((string Kind, string Key) changed, CancellationToken ct)
    {
        var (kind, key) = changed;
        try
        {
            var source = _sources[kind];
            var (view, machine) = await source.Load(key, ct);
            var data = view is null
                ? JsonSerializer.Serialize(new { name = key, deleted = true }, JsonBody.Writing)
                : JsonSerializer.Serialize(view, view.GetType(), JsonBody.Writing);
            hub.Publish(new(source.EventType, machine ?? (kind == ChangeKinds.Machine ? key : null), data));
            _failed.Remove(changed);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            // Its turn comes again in a second, so that no event is lost while the database is away.
            var failures = _failed.GetValueOrDefault(changed);
            if (failures == 0) Log.NotLoaded(logger, kind, key, e);
            _failed[changed] = failures = Database.IsAway(e) ? Math.Max(failures, 1) : failures + 1;
            if (failures < MostLoads)
            {
                hub.Changed(kind, key);
                return;
            }
            _failed.Remove(changed);
            hub.Publish(EventHub.Reset); // the event is lost: readers load everything again
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not load the changed {Kind} {Key} for the event stream; trying again")]
        public static partial void NotLoaded(ILogger logger, string kind, string key, Exception e);
    }
}
