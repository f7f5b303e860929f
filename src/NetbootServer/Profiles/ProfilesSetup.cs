using NetbootServer.Events;
using NetbootServer.Images;
using NetbootServer.Storage;

namespace NetbootServer.Profiles;

/// <summary>Registers profiles, and what images want to know of them.</summary>
internal static class ProfilesSetup
{
    public static IServiceCollection AddProfiles(this IServiceCollection services) => services
        .AddSingleton<ProfileCatalog>()
        .AddSingleton<ProfileStore>()
        .AddSingleton<PreviewLimit>()
        .AddSingleton(provider => new EventView("profile", (name, _) => Task.FromResult<(object?, string?)>((
            provider.GetRequiredService<ProfileCatalog>().Profiles.GetValueOrDefault(name) is { } profile
                ? ProfileView.ListedOf(profile) : null, null))))
        .AddSingleton<IReferrer, ProfileReferrer>()
        .AddChangedRows<ProfileRow>(ChangeKinds.Profile, (changes, before, after) =>
        {
            if (before is not null) changes.Add(ChangeKinds.Profile, before.Name);
            if (after is not null) changes.Add(ChangeKinds.Profile, after.Name);
        })
        .AddChangeFollower("profile catalog", ChangeStage.Catalogs,
            (provider, changes, ct) => changes.Has(ChangeKinds.Profile)
                ? provider.GetRequiredService<ProfileCatalog>().ReloadAsync(ct) : Task.CompletedTask)
        .AddSingleton<VersionPins>(_ => ProfileStore.PinsOfImageAsync);
}
