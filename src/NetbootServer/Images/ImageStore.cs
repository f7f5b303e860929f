using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>Images in the database.</summary>
/// <param name="database">Where they are.</param>
/// <param name="catalog">Where they are in memory.</param>
/// <param name="audit">Where it is written down who did it.</param>
/// <param name="references">What refers to images, and follows their new names.</param>
/// <param name="time">The clock.</param>
public sealed class ImageStore(
    Database database, ImageCatalog catalog, Audit audit, References references, TimeProvider time)
{
    /// <summary>Makes or changes an image; a new name leaves everything with it that refers to it.</summary>
    public async Task<Saved<Image>> SaveAsync(
        ResourceName name, SpecChange<ImageSpec> change, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(precondition);
        var newName = change.NewName ?? name;
        var outcome = await database.ChangeAsync(async (db, token) =>
        {
            var row = await FindAsync(db, name, token);
            if (row?.ManagedBy is { } file) return Problem.Managed("image", row.Name, file);
            if (precondition.Check(row?.Revision) is { } failed) return failed;
            var current = row is null ? null : SpecOf(row);
            var wanted = change.Apply("image", name.ToString(), current);
            if (wanted.Problem is { } problem) return problem;
            if (newName != name && await RenameFaultAsync(db, name, newName, token) is { } refusal) return refusal;
            var renaming = newName == name ? null
                : new Renaming("image", row!.Id, row.Name, newName.ToString(), row.CreatedAt);
            var stored = Store(db, row, newName, wanted.Resource!);
            if (renaming is not null)
            {
                await references.FollowAsync(db, renaming, token);
                audit.Renamed(db, renaming);
            }
            return stored;
        }, ct, change.IsDryRun);
        return outcome.Problem is { } refused
            ? refused : new Saved<Image>(catalog.Saved(outcome.Resource!), outcome.Created, null);
    }

    /// <summary>Removes the image with its versions; null, or why not.</summary>
    public async Task<Problem?> DeleteAsync(ResourceName name, Precondition precondition, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(precondition);
        return await database.ChangeAsync<Problem?>(async (db, token) =>
        {
            var row = await FindAsync(db, name, token);
            if (row is null) return Problem.NotFound("image", name.ToString());
            if (row.ManagedBy is { } file) return Problem.Managed("image", row.Name, file);
            return precondition.Check(row.Revision) ?? await RemoveAsync(db, row, token);
        }, ct);
    }

    /// <summary>Removes an image that nothing refers to, inside the caller's transaction; null, or why not.</summary>
    internal async Task<Problem?> RemoveAsync(NetbootDb db, ImageRow row, CancellationToken ct)
    {
        var referring = await references.UsersOfAsync(db, "image", row.Name, ct);
        if (referring.Count > 0) return Problem.InUse("Image", row.Name, referring);
        audit.Deleted(db, "image", row.Name, SpecOf(row));
        db.Remove(row);
        return null;
    }

    /// <summary>
    /// Makes or changes an image as a file of the inventory declares it, inside the caller's transaction.
    /// </summary>
    internal void Declare(NetbootDb db, ImageRow? row, ResourceName name, ImageSpec spec, string file) =>
        Store(db, row, name, spec).Resource!.ManagedBy = file;

    private async Task<Problem?> RenameFaultAsync(
        NetbootDb db, ResourceName name, ResourceName newName, CancellationToken ct)
    {
        if (await FindAsync(db, newName, ct) is not null) return Problem.NameTaken("image", newName.ToString());
        var blockers = await references.RenameBlockersOfAsync(db, "image", name.ToString(), ct);
        return blockers.Count > 0 ? Problem.InUse("Image", name.ToString(), blockers) : null;
    }

    /// <summary>The row of an image, tracked; null when there is none.</summary>
    internal static Task<ImageRow?> FindAsync(NetbootDb db, ResourceName name, CancellationToken ct) =>
        db.Set<ImageRow>().SingleOrDefaultAsync(image => image.Name == name.ToString(), ct);

    internal static ImageSpec SpecOf(ImageRow row) =>
        JsonSerializer.Deserialize<ImageSpec>(row.Spec, JsonBody.Writing)!;

    private Saved<ImageRow> Store(NetbootDb db, ImageRow? row, ResourceName name, ImageSpec spec)
    {
        var json = JsonSerializer.Serialize(spec, JsonBody.Writing);
        var now = time.GetUtcNow();
        if (row is null)
        {
            row = new() { Name = name.ToString(), Spec = json, Revision = 1, CreatedAt = now, UpdatedAt = now };
            db.Add(row);
            audit.Created(db, "image", row.Name, spec);
            return Saved.Made(row);
        }
        if (row.Spec != json) audit.Changed(db, "image", row.Name, SpecOf(row), spec);
        if (row.Spec != json || row.Name != name.ToString())
        {
            (row.Name, row.Spec, row.UpdatedAt) = (name.ToString(), json, now);
            row.Revision++;
        }
        return Saved.Changed(row);
    }
}
