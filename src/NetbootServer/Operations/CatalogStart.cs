using NetbootServer.Access.Keys;
using NetbootServer.Boots;
using NetbootServer.Boots.Journal;
using NetbootServer.Images;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Operations;

/// <summary>Fills memory from the database before the first request.</summary>
internal static class CatalogStart
{
    public static async Task LoadAsync(this WebApplication app, CancellationToken ct)
    {
        await app.Services.LoadSecretKeysAsync(ct);
        await app.Services.GetRequiredService<SigningKey>().LoadAsync(ct);
        await app.Services.GetRequiredService<MonotonicClock>()
            .LoadAsync(app.Services.GetRequiredService<Database>(), ct);
        await ReferenceUpgrade.RunAsync(app.Services.GetRequiredService<Database>(), ct);
        await app.Services.GetRequiredService<ImageCatalog>().ReloadAsync(ct);
        await app.Services.GetRequiredService<ProfileCatalog>().ReloadAsync(ct);
        await app.Services.GetRequiredService<ScrubWork>().LoadAsync(ct);
    }
}
