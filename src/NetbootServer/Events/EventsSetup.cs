namespace NetbootServer.Events;

/// <summary>Registers events and alarms.</summary>
internal static class EventsSetup
{
    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton<EventHub>()
        .AddSingleton<AlarmBoard>()
        .AddHostedService<EventWorker>()
        .AddHostedService<AlarmWorker>()
        .AddHostedService<DiskWatch>();
}
