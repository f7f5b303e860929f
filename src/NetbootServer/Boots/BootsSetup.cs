using Microsoft.EntityFrameworkCore;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Boots.Transfers;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Boots;

/// <summary>Registers everything about boots.</summary>
internal static class BootsSetup
{
    public static IServiceCollection AddBoots(this IServiceCollection services) => services
        .AddFeatureOptions<BootsOptions>("Boots")
        .AddSingleton(provider => new BootTokens(
            provider.GetRequiredService<SigningKey>().Value, provider.GetRequiredService<MonotonicClock>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<MonotonicClock>()
        .AddSingleton<OpenBoots>()
        .AddSingleton<LinksOfRequest>()
        .AddSingleton<SigningKey>()
        .AddSingleton<Catalog>()
        .AddSingleton<PlanCache>()
        .AddSingleton(provider => new OverlayKeys(provider.GetRequiredService<SigningKey>().Value))
        .AddSingleton<SecretRules>()
        .AddSingleton<ClaimWatch>()
        .AddSingleton<SecretClaims>()
        .AddSingleton<SecretRefusals>()
        .AddSingleton<OverlayBuilder>()
        .AddSingleton<OverlayDoor>()
        .AddSingleton<OverlayPreview>()
        .AddSingleton<ScriptComposer>()
        .AddSingleton<ScriptRecorder>()
        .AddSingleton<IpxeScriptService>()
        .AddSingleton<BootMetrics>()
        .AddSingleton<BootTrim>()
        .AddSingleton<BootJournal>()
        .AddSingleton<SignsOfLife>()
        .AddSingleton<ReferenceLearning>()
        .AddSingleton<BootLog>()
        .AddSingleton<BootReports>()
        .AddSingleton<LiveBoots>()
        .AddSingleton<RateHistory>()
        .AddSingleton<IBootTransfers, BootTransfers>()
        .AddSingleton<BootHistory>()
        .AddSingleton(provider => new EventView("boot", async (id, ct) =>
            await provider.GetRequiredService<BootHistory>().FindListedAsync(id, ct) is { } boot
                ? (boot, boot.Machine) : (null, null)))
        .AddSingleton<IVersionBoots, VersionBoots>()
        .AddSingleton<AddressWatch>()
        .AddSingleton<ContradictionLimit>()
        .AddSingleton<IdentityAlarms>()
        .AddSingleton<MachineJoined>(_ => MoveBootsAsync)
        .AddSingleton<IReferrer, BootReferrer>()
        .AddChangedRows<BootRow>(ChangeKinds.Boot,
            (changes, before, after) => changes.Add(ChangeKinds.Boot, (after ?? before)!.Id))
        .AddChangeFollower("names of boots' machines", ChangeStage.Caches, (provider, changes) =>
        {
            if (changes.Renamings.Count > 0) provider.GetRequiredService<BootHistory>().ForgetNames();
        })
        .AddHostedService<BootLogWorker>()
        .AddHostedService<BootWatch>();

    /// <summary>Nothing that is shown of the boots changes with that.</summary>
    private static Task MoveBootsAsync(NetbootDb db, long from, long to, CancellationToken ct)
    {
        db.Changes.AddNothing(ChangeKinds.Boot);
        return db.Set<BootRow>().Where(boot => boot.MachineId == from)
            .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.MachineId, to), ct);
    }
}

/// <summary>The key that signs boot tokens; in the database, so that all replicas have the same.</summary>
internal sealed class SigningKey(Database database)
{
    private byte[]? _value;

    /// <summary>The key, 32 bytes.</summary>
    public byte[] Value => _value
        ?? throw new InvalidOperationException("The signing key is read before it was loaded.");

    /// <summary>Loads the key, or makes it at the first start.</summary>
    public async Task LoadAsync(CancellationToken ct) => _value = await database.KeyAsync("boot-signing-key", 32, ct);
}
