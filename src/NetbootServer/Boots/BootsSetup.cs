using Microsoft.EntityFrameworkCore;
using NetbootServer.Blobs;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
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
            provider.GetRequiredService<SigningKey>().Value, provider.GetRequiredService<SteadyClock>(),
            provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<SteadyClock>()
        .AddSingleton<OpenBoots>()
        .AddSingleton<LinksOfRequest>()
        .AddSingleton<SigningKey>()
        .AddSingleton<Catalog>()
        .AddSingleton<ProfileChoosing>(provider => provider.GetRequiredService<Catalog>().ProfileOf)
        .AddSingleton<PlanCache>()
        .AddSingleton<ScriptDesk>()
        .AddSingleton<PreviewTurns>()
        .AddSingleton<BootMetrics>()
        .AddSingleton<BootTrim>()
        .AddSingleton<BootJournal>()
        .AddSingleton<SignsOfLife>()
        .AddSingleton<Sightings>()
        .AddSingleton<ReferenceLearning>()
        .AddSingleton<BootLog>()
        .AddSingleton<BootReports>()
        .AddSingleton<LiveBoots>()
        .AddSingleton<RateHistory>()
        .AddSingleton<TransferStarting>(provider => provider.GetRequiredService<LiveBoots>().Begin)
        .AddSingleton<BootRecognizing>(provider => (boot, file) => Steps.OfFile(file) is Steps.Kernel or Steps.Initrd
                && provider.GetRequiredService<BootTokens>().Verify(boot) is { } ticket
            ? new RecognizedBoot(ticket.Boot, ticket.Machine)
            : null)
        .AddSingleton<BootQueued>(provider => (boot, _, _, _) =>
            provider.GetRequiredService<EventHub>().Changed("boot", boot))
        .AddSingleton<BootHistory>()
        .AddSingleton(provider => new ChangeSource("boot", async (id, ct) =>
            await provider.GetRequiredService<BootHistory>().FindListedAsync(id, ct) is { } boot
                ? (boot, boot.Machine) : (null, null)))
        .AddSingleton<VersionBoots>(provider => provider.GetRequiredService<BootHistory>().CountByVersionAsync)
        .AddSingleton<BootingVersions>()
        .AddSingleton<VersionsInUse>(provider => provider.GetRequiredService<BootingVersions>().FindAsync)
        .AddSingleton<AddressWatch>()
        .AddSingleton<StrayWatch>()
        .AddSingleton<IdentityWatch>()
        .AddSingleton<MachineJoined>(_ => MoveBootsAsync)
        .AddSingleton<RenameFollowing>(_ => FollowAsync)
        .AddSingleton<RenameDone>(provider => (renaming, ct) => TellAsync(
            provider.GetRequiredService<BootHistory>(), provider.GetRequiredService<EventHub>(), renaming, ct))
        .AddHostedService<BootLogWorker>()
        .AddHostedService<BootWatch>();

    private static Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        var (boots, from, to) = (db.Set<BootRow>(), renaming.From, renaming.To);
        return renaming.Kind switch
        {
            "machine" => boots.Where(boot => boot.MachineId == renaming.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.MachineName, to), ct),
            "profile" => boots.Where(boot => boot.Profile == from && boot.StartedAt >= renaming.Since)
                .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.Profile, to), ct),
            _ => boots.Where(boot => boot.Image == from && boot.StartedAt >= renaming.Since)
                .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.Image, to), ct),
        };
    }

    /// <summary>Progress names the machine anew, and pages that show its newest boots hear of it.</summary>
    private static async Task TellAsync(BootHistory history, EventHub events, Renaming renaming, CancellationToken ct)
    {
        history.ForgetNames();
        if (renaming.Kind != "machine") return;
        foreach (var boot in (await history.ListAsync(renaming.Id, null, new(20, null), ct)).Items)
            events.Changed("boot", boot.Id);
    }

    private static Task MoveBootsAsync(NetbootDb db, long from, long to, CancellationToken ct) =>
        db.Set<BootRow>().Where(boot => boot.MachineId == from)
            .ExecuteUpdateAsync(set => set.SetProperty(boot => boot.MachineId, to), ct);
}

/// <summary>The key that signs boot tokens; in the database, so that all replicas have the same.</summary>
internal sealed class SigningKey(Database database)
{
    private byte[]? _value;

    /// <summary>The key, 32 bytes.</summary>
    public byte[] Value => _value ?? throw new InvalidOperationException("The signing key is read before it was loaded.");

    /// <summary>Loads the key, or makes it at the first start.</summary>
    public async Task LoadAsync(CancellationToken ct) => _value = await database.KeyAsync("boot-signing-key", 32, ct);
}
