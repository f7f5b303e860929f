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
        .AddSingleton(provider => new ChangeSource("profile", (name, _) => Task.FromResult<(object?, string?)>((
            provider.GetRequiredService<ProfileCatalog>().Profiles.GetValueOrDefault(name) is { } profile
                ? ProfileView.Of(profile) : null, null))))
        .AddSingleton<RenameFollowing>(_ => ProfileStore.FollowAsync)
        .AddSingleton<RenameDone>(provider => (renaming, ct) => renaming.Kind == "image"
            ? provider.GetRequiredService<ProfileCatalog>().ReloadAsync(ct) : Task.CompletedTask)
        .AddSingleton<ImageUsers>(_ => ProfileStore.UsersOfImageAsync)
        .AddSingleton<VersionPins>(_ => ProfileStore.PinsOfImageAsync);
}
