using System.Globalization;
using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Registers events and alarms.</summary>
internal static class EventsSetup
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton<EventHub>()
        .AddSingleton<AlarmBoard>()
        .AddChangedRows<AlarmRow>(ChangeKinds.Alarm, (changes, before, after) => changes.Add(
            ChangeKinds.Alarm, (after ?? before)!.Id.ToString(CultureInfo.InvariantCulture)))
        .AddSingleton(provider => new EventView(ChangeKinds.Alarm, async (id, ct) => (await provider
            .GetRequiredService<AlarmBoard>().FindAsync(long.Parse(id, CultureInfo.InvariantCulture), ct), null))
        {
            EventType = "alarm",
        })
        .AddChangeFollower("event stream", ChangeStage.Events, Follow)
        .AddSingleton<References>()
        .AddSingleton<IReferrer, AlarmReferrer>()
        .AddHostedService<EventWorker>()
        .AddHostedService<AlarmWorker>();

    private static void Follow(IServiceProvider provider, Changes changes)
    {
        var hub = provider.GetRequiredService<EventHub>();
        var isReset = false;
        foreach (var kind in provider.GetServices<EventView>().Select(source => source.Kind))
        {
            foreach (var name in changes.Names(kind)) hub.Changed(kind, name);
            isReset |= changes.HasAll(kind);
        }
        if (isReset) hub.Publish(EventHub.Reset);
    }
}
