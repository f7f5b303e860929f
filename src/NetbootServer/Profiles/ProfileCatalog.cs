using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Profiles;

/// <summary>All profiles, in memory.</summary>
public sealed class ProfileCatalog : IDisposable
{
    private readonly Snapshot<ProfileSet> _profiles;

    /// <summary>A catalog over the database, empty until <see cref="ReloadAsync"/>.</summary>
    public ProfileCatalog(Database database)
    {
        ArgumentNullException.ThrowIfNull(database);
        _profiles = new(ct => database.ReadAsync(LoadAsync, ct));
    }

    /// <summary>The profiles by name as of the last change.</summary>
    public FrozenDictionary<string, Profile> Profiles => _profiles.Value.ByName;

    /// <summary>The profiles as of the last change; another change makes another set.</summary>
    public ProfileSet Current => _profiles.Value;

    /// <summary>Reads the profiles anew, after a change was committed.</summary>
    public Task ReloadAsync(CancellationToken ct) => _profiles.ReloadAsync(ct);

    /// <inheritdoc/>
    public void Dispose() => _profiles.Dispose();

    private static async Task<ProfileSet> LoadAsync(NetbootDb db, CancellationToken ct) =>
        ProfileSet.Of((await db.Set<ProfileRow>().ToListAsync(ct)).Select(ToProfile));

    internal static Profile ToProfile(ProfileRow row) => new(row.Name, Spec(row), row.Revision)
    {
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        ManagedBy = ManagedBy.Of(row.ManagedBy),
    };

    internal static ProfileSpec Spec(ProfileRow row) =>
        StoredJson.Read<ProfileSpec>(row.Spec)!;
}
