using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Overlays;
using NetbootServer.Storage;

namespace NetbootServer.Profiles;

/// <summary>Profiles in the database.</summary>
/// <param name="database">Where they are.</param>
/// <param name="audit">Where it is written down who did it.</param>
/// <param name="references">What refers to profiles, and follows their new names.</param>
/// <param name="secrets">Seals what is secret.</param>
/// <param name="time">The clock.</param>
public sealed class ProfileStore(
    Database database, Audit audit, References references, OverlaySecrets secrets, TimeProvider time)
{
    /// <summary>Makes or changes a profile; a new name leaves everything with it that refers to it.</summary>
    public async Task<Saved<Profile>> SaveAsync(
        ResourceName name, SpecChange<ProfileSpec> change, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(precondition);
        var newName = change.NewName ?? name;
        var saved = await database.ChangeAsync(async (db, token) =>
        {
            var row = await FindAsync(db, name, token);
            if (row?.ManagedBy is { } file) return Problem.Managed("profile", row.Name, file);
            if (precondition.Check(row?.Revision) is { } failed) return failed;
            var current = row is null ? null : ProfileCatalog.Spec(row);
            var wanted = change.Apply("profile", name.ToString(), current);
            if (wanted.Problem is { } problem) return problem;
            var kept = await OverlaySecrets.KeepAsync(
                db, secrets.Seal(wanted.Resource!.Overlay), current?.Overlay, token);
            if (kept.Problem is { } unkept) return unkept;
            var spec = wanted.Resource with { Overlay = kept.Overlay };
            Renaming? renaming = null;
            if (newName != name)
            {
                if (await RenameFaultAsync(db, name, newName, token) is { } refusal) return refusal;
                renaming = new("profile", row!.Id, row.Name, newName.ToString(), row.CreatedAt);
                spec = ProfileReferrer.WithMenu(spec, renaming);
            }
            if (await ReferenceFaultAsync(db, newName.ToString(), spec, token) is { } dangling) return dangling;
            var stored = Store(db, row, newName, spec);
            if (renaming is not null)
            {
                await references.FollowAsync(db, renaming, token);
                audit.Renamed(db, renaming);
            }
            return stored;
        }, ct, change.IsDryRun);
        return saved.Problem is { } refused
            ? refused : new Saved<Profile>(ProfileCatalog.ToProfile(saved.Resource!), saved.Created, null);
    }

    /// <summary>Removes the profile; null, or why not.</summary>
    public async Task<Problem?> DeleteAsync(ResourceName name, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(precondition);
        return await database.ChangeAsync<Problem?>(async (db, token) =>
        {
            var row = await FindAsync(db, name, token);
            if (row is null) return Problem.NotFound("profile", name.ToString());
            if (row.ManagedBy is { } file) return Problem.Managed("profile", row.Name, file);
            return precondition.Check(row.Revision) ?? await RemoveAsync(db, row, token);
        }, ct);
    }

    /// <summary>Removes a profile that nothing refers to, inside the caller's transaction; null, or why not.</summary>
    internal async Task<Problem?> RemoveAsync(NetbootDb db, ProfileRow row, CancellationToken ct)
    {
        var referring = await references.UsersOfAsync(db, "profile", row.Name, ct);
        if (referring.Count > 0) return Problem.InUse("Profile", row.Name, referring);
        audit.Deleted(db, "profile", row.Name, ProfileCatalog.Spec(row));
        db.Remove(row);
        return null;
    }

    /// <summary>
    /// Makes or changes a profile as a file of the inventory declares it, inside the caller's transaction, which checks
    /// what it refers to.
    /// </summary>
    /// <returns>Null, or why not; its errors are by JSON path.</returns>
    internal async Task<Problem?> DeclareAsync(NetbootDb db, ProfileRow? row, ResourceName name, ProfileSpec spec,
        string file, CancellationToken ct)
    {
        var before = row is null ? null : ProfileCatalog.Spec(row);
        var kept = await OverlaySecrets.KeepAsync(db, secrets.Seal(spec.Overlay), before?.Overlay, ct);
        if (kept.Conflict is { } place)
            return Problem.Invalid(place, "is a secret that this server does not have: name the file that holds it");
        if (kept.Problem is { } unkept) return unkept;
        if (await VersionFaultAsync(db, spec, ct) is { } dangling) return dangling;
        Store(db, row, name, spec with { Overlay = kept.Overlay }).Resource!.ManagedBy = file;
        return null;
    }

    /// <summary>Whether a profile exists, inside the caller's transaction.</summary>
    public static Task<bool> ExistsAsync(NetbootDb db, string name, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Set<ProfileRow>().AnyAsync(row => row.Name == name, ct);
    }

    /// <summary>The profiles that pin versions of an image.</summary>
    public static async Task<IReadOnlyList<(string Version, string By)>> PinsOfImageAsync(
        NetbootDb db, string image, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        return (await db.Set<ProfileRow>().Where(row => row.Image == image).OrderBy(row => row.Name).ToListAsync(ct))
            .Select(row => (ProfileCatalog.Spec(row).Version, row.Name))
            .Where(pin => pin.Version is not null).Select(pin => (pin.Version!, pin.Name)).ToList();
    }

    /// <summary>The image of each profile, inside the caller's transaction.</summary>
    public static Task<Dictionary<string, string>> ImagesAsync(NetbootDb db, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Set<ProfileRow>().ToDictionaryAsync(row => row.Name, row => row.Image, StringComparer.Ordinal, ct);
    }

    private async Task<Problem?> RenameFaultAsync(
        NetbootDb db, ResourceName name, ResourceName newName, CancellationToken ct)
    {
        if (await ExistsAsync(db, newName.ToString(), ct)) return Problem.NameTaken("profile", newName.ToString());
        var blockers = await references.RenameBlockersOfAsync(db, "profile", name.ToString(), ct);
        return blockers.Count > 0 ? Problem.InUse("Profile", name.ToString(), blockers) : null;
    }

    /// <summary>The profiles that a profile's menu offers.</summary>
    internal static IEnumerable<string> OfferedBy(ProfileSpec spec) =>
        spec.Menu?.Entries.Select(entry => entry.Profile).OfType<string>() ?? [];

    private static Task<ProfileRow?> FindAsync(NetbootDb db, ResourceName name, CancellationToken ct) =>
        db.Set<ProfileRow>().SingleOrDefaultAsync(profile => profile.Name == name.ToString(), ct);

    private static async Task<Problem?> ReferenceFaultAsync(
        NetbootDb db, string name, ProfileSpec spec, CancellationToken ct)
    {
        foreach (var offered in OfferedBy(spec).Where(offered => offered != name))
            if (!await ExistsAsync(db, offered, ct))
                return Problem.Invalid("$.menu.entries",
                    $"there is no profile '{offered}': make it first with PUT /api/v1/profiles/{offered}");
        return await db.Set<ImageRow>().AnyAsync(row => row.Name == spec.Image, ct)
            ? await VersionFaultAsync(db, spec, ct)
            : Problem.Invalid("$.image",
                $"there is no image '{spec.Image}': make it first with PUT /api/v1/images/{spec.Image}");
    }

    private static async Task<Problem?> VersionFaultAsync(NetbootDb db, ProfileSpec spec, CancellationToken ct)
    {
        if (spec.Version is not { } version) return null;
        var image = await db.Set<ImageRow>().SingleAsync(row => row.Name == spec.Image, ct);
        return await db.Set<ImageVersionRow>().AnyAsync(row => row.ImageId == image.Id && row.Id == version, ct)
            ? null
            : Problem.Invalid("$.version", $"image '{spec.Image}' has no kept version '{version}'");
    }

    private Saved<ProfileRow> Store(NetbootDb db, ProfileRow? row, ResourceName name, ProfileSpec spec)
    {
        var json = StoredJson.Write(spec);
        var now = time.GetUtcNow();
        if (row is null)
        {
            row = new()
            {
                Name = name.ToString(), Image = spec.Image, Spec = json, Revision = 1, CreatedAt = now, UpdatedAt = now,
            };
            db.Add(row);
            audit.Created(db, "profile", row.Name, spec);
            return Saved.Made(row);
        }
        if (row.Spec != json) audit.Changed(db, "profile", row.Name, ProfileCatalog.Spec(row), spec);
        if (row.Spec != json || row.Name != name.ToString())
        {
            (row.Name, row.Spec, row.Image, row.UpdatedAt) = (name.ToString(), json, spec.Image, now);
            row.Revision++;
        }
        return Saved.Changed(row);
    }
}
