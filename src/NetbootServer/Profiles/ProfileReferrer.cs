using Microsoft.EntityFrameworkCore;
using NetbootServer.Storage;

namespace NetbootServer.Profiles;

/// <summary>Profiles refer to images, and to other profiles in their menus.</summary>
internal sealed class ProfileReferrer : IReferrer
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> UsersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct) => kind switch
        {
            "image" => await db.Set<ProfileRow>().Where(row => row.Image == name).OrderBy(row => row.Name)
                .Select(row => "profile " + row.Name).ToListAsync(ct),
            "profile" => await MenusWithAsync(db, name, ct),
            _ => [],
        };

    /// <summary>Files of the inventory would go on naming what has another name.</summary>
    public async Task<IReadOnlyList<string>> RenameBlockersOfAsync(
        NetbootDb db, string kind, string name, CancellationToken ct) => kind is not ("image" or "profile") ? [] :
    [
        .. (await db.Set<ProfileRow>().Where(row => row.ManagedBy != null && row.Name != name).ToListAsync(ct))
            .Where(row => kind == "image" ? row.Image == name
                : ProfileStore.OfferedBy(ProfileCatalog.Spec(row)).Contains(name))
            .Select(row => $"profile {row.Name} in {row.ManagedBy}"),
    ];

    /// <inheritdoc/>
    public async Task FollowAsync(NetbootDb db, Renaming renaming, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(renaming);
        if (renaming.Kind is not ("profile" or "image")) return;
        foreach (var row in await db.Set<ProfileRow>().ToListAsync(ct))
        {
            var spec = ProfileCatalog.Spec(row);
            spec = renaming.Kind == "profile" ? WithMenu(spec, renaming)
                : spec.Image == renaming.From ? spec with { Image = renaming.To } : spec;
            var json = StoredJson.Write(spec);
            if (json == row.Spec) continue;
            (row.Spec, row.Image) = (json, spec.Image);
            row.Revision++;
        }
    }

    /// <summary>The profile with its menu after a profile got another name.</summary>
    internal static ProfileSpec WithMenu(ProfileSpec spec, Renaming renaming) => spec.Menu is not { } menu ? spec
        : spec with
        {
            Menu = menu with
            {
                Entries = [.. menu.Entries.Select(entry => entry.Profile == renaming.From
                ? entry with { Profile = renaming.To } : entry)],
                Default = menu.Default == renaming.From && menu.Entries.Any(entry => entry.Profile == renaming.From)
                ? renaming.To : menu.Default,
            },
        };

    private static async Task<List<string>> MenusWithAsync(NetbootDb db, string profile, CancellationToken ct) =>
        (await db.Set<ProfileRow>().Where(row => row.Name != profile).ToListAsync(ct))
        .FindAll(row => ProfileStore.OfferedBy(ProfileCatalog.Spec(row)).Contains(profile))
        .ConvertAll(row => $"profile {row.Name} (its menu)");
}
