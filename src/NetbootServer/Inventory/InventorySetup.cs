using NetbootServer.Hosting;

namespace NetbootServer.Inventory;

/// <summary>Registers machines, profiles and images that files declare.</summary>
internal static class InventorySetup
{
    public static IServiceCollection AddInventory(this IServiceCollection services) => services
        .AddFeatureOptions<InventoryOptions>("Inventory")
        .AddSingleton<InventoryStores>()
        .AddSingleton<InventoryRound>()
        .AddSingleton<InventoryState>()
        .AddHostedService<InventoryWorker>();
}
