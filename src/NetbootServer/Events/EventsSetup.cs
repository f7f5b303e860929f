using NetbootServer.Storage;

namespace NetbootServer.Events;

/// <summary>Registers events and alarms.</summary>
internal static class EventsSetup
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton<EventHub>()
        .AddSingleton<AlarmBoard>()
        .AddSingleton<Renames>()
        .AddSingleton<RenameFollowing>(_ => AlarmBoard.FollowAsync)
        .AddHostedService<EventWorker>()
        .AddHostedService<AlarmWorker>();
}
