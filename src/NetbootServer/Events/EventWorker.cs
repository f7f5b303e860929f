using System.Collections.Frozen;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Hosting;

namespace NetbootServer.Events;

/// <summary>
/// Turns changed keys into events with the resource's own JSON: the first change of a resource at once, further ones
/// at most one a second. While nobody reads, nothing is loaded.
/// </summary>
internal sealed partial class EventWorker(EventHub hub, IEnumerable<ChangeSource> sources, WorkerServices services,
    TimeProvider time, ILogger<EventWorker> logger) : ResilientWorker("event stream", services, logger)
{
    private static readonly TimeSpan PerResource = TimeSpan.FromSeconds(1), Rest = TimeSpan.FromMilliseconds(50);
    private readonly FrozenDictionary<string, ChangeSource> _sources = sources.ToFrozenDictionary(source => source.Kind);
    private readonly Dictionary<(string, string), long> _told = [];

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (hub.Dirty.IsEmpty) await hub.Woken.WaitAsync(stoppingToken);
            await RoundAsync(() => TellAsync(stoppingToken), stoppingToken);
            await Task.Delay(Rest, time, stoppingToken);
        }
    }

    private async Task TellAsync(CancellationToken ct)
    {
        var now = time.GetTimestamp();
        foreach (var old in _told.Where(told => time.GetElapsedTime(told.Value, now) > PerResource)
            .Select(told => told.Key).ToList())
            _told.Remove(old);
        foreach (var changed in hub.Dirty.Keys)
        {
            if (_told.ContainsKey(changed)) continue; // told less than a second ago: its turn comes
            hub.Dirty.TryRemove(changed, out _);
            _told[changed] = now;
            if (hub.Readers == 0)
            {
                hub.Publish(EventHub.Unread); // whoever resumes from before this must reload
                continue;
            }
            await TellAsync(changed.Kind, changed.Key, ct);
        }
    }

    private async Task TellAsync(string kind, string key, CancellationToken ct)
    {
        try
        {
            var (view, machine) = await _sources[kind].Load(key, ct);
            var data = view is null
                ? JsonSerializer.Serialize(new { name = key, deleted = true }, JsonBody.Writing)
                : JsonSerializer.Serialize(view, view.GetType(), JsonBody.Writing);
            hub.Publish(new($"{kind}.changed", machine ?? (kind == "machine" ? key : null), data));
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            Log.Untold(logger, kind, key, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Could not tell the dashboards that {Kind} {Key} changed")]
        public static partial void Untold(ILogger logger, string kind, string key, Exception e);
    }
}
