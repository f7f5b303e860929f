using Microsoft.EntityFrameworkCore;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>Versions of images: a new one becomes visible whole, in one transaction, or not at all.</summary>
public sealed class VersionStore(Database database, ImageCatalog catalog, Audit audit, TimeProvider time)
{
    /// <summary>
    /// Adds a version whose blobs are all stored, and makes it current unless the image is held. Bytes and arguments
    /// equal to those of a kept version make no new one.
    /// </summary>
    /// <param name="name">The image.</param>
    /// <param name="publication">What the version has and was made from.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task<Saved<ImageVersion>> PublishAsync(
        ResourceName name, Publication publication, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(publication);
        var id = ImageVersion.IdOf(publication.Systems, publication.Closures);
        var saved = await database.ChangeAsync(async (db, token) =>
        {
            var image = await ImageStore.FindAsync(db, name, token);
            if (image is null) return Problem.NotFound("image", name.ToString());
            if (publication.MadeBy?.FetchesAs(ImageStore.SpecOf(image)) == false)
                return new Problem(SourceProblems.Changing,
                    "The image's source or systems were changed while it was read.");
            var now = time.GetUtcNow();
            image.LastRefreshedAt = now;
            if (publication.MadeBy is not null) image.RetryAt = null; // an upload is no answer of the source
            var version = await db.Set<ImageVersionRow>()
                .SingleOrDefaultAsync(row => row.ImageId == image.Id && row.Id == id, token);
            var isNew = version is null;
            if (version is null)
            {
                version = NewRow(image, id, publication, now);
                db.Add(version);
                await db.SaveChangesAsync(token); // assigns the sequence that the blob rows need
                db.AddRange(publication.Blobs.Select(
                    sha256 => new VersionBlobRow { VersionSequence = version.Sequence, Sha256 = sha256 }));
                db.AddRange(VersionClosureRow.Of(version, publication.Closures));
                audit.Created(db, "version", $"{name}@{id}",
                    new { image = name.ToString(), id, publication.Systems, publication.Provenance });
            }
            if (!image.Held) MoveCurrent(db, image, id, hold: null);
            return new Saved<ImageVersionRow>(version, isNew, null);
        }, ct);
        if (saved.Problem is { } refused) return refused;
        return new(ImageCatalog.ToVersion(saved.Resource!, name.ToString()), saved.Created, null);
    }

    /// <summary>Moves the image's current version.</summary>
    /// <param name="name">The image.</param>
    /// <param name="request">Which version, and whether to hold it there.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="ct">Ends the attempt.</param>
    public async Task<Saved<Image>> SetCurrentAsync(
        ResourceName name, CurrentRequest request, string by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var version = request.Version;
        var saved = await database.ChangeAsync<Saved<ImageRow>>(async (db, token) =>
        {
            var image = await ImageStore.FindAsync(db, name, token);
            if (image is null) return Problem.NotFound("image", name.ToString());
            if (request.From is { } from && from != image.Current)
                return new Problem(ProblemTypes.PreconditionFailed, $"It is not at {from} any more but at "
                    + $"{image.Current ?? "no version"}; get it again and repeat the change.");
            var newest = await db.Set<ImageVersionRow>().Where(row => row.ImageId == image.Id)
                .OrderByDescending(row => row.Sequence).Select(row => row.Id).FirstOrDefaultAsync(token);
            var wanted = version == "newest" ? newest : version;
            var kept = await db.Set<ImageVersionRow>()
                .AnyAsync(row => row.ImageId == image.Id && row.Id == wanted, token);
            if (wanted is null || !kept)
                return Problem.Invalid("$.version", newest is null
                    ? $"image '{name}' has no version yet: upload or refresh first"
                    : $"'{version}' is not a kept version of image '{name}'; its newest is {newest}");
            var hold = request.Hold ?? wanted != newest;
            if (!hold && request.Reason is { Length: > 0 })
                return Problem.Invalid("$.reason",
                    "is the reason of a hold: add \"hold\": true, or leave the reason out");
            MoveCurrent(db, image, wanted, hold ? new(by, time.GetUtcNow(), request.Reason) : null);
            return Saved.Changed(image);
        }, ct);
        return saved.Problem is { } problem ? problem : Saved.Changed(catalog.Saved(saved.Resource!));
    }

    private void MoveCurrent(NetbootDb db, ImageRow image, string version, ImageHold? hold)
    {
        var held = hold is not null;
        var sameReason = hold?.Reason is null || hold.Reason == (image.HoldReason ?? "");
        if (image.Current == version && image.Held == held && sameReason) return;
        var reason = hold?.Reason is { Length: > 0 } given ? given : null;
        audit.Changed(db, "current", image.Name,
            image.Current is null ? null : new
            {
                version = image.Current, hold = image.Held,
                reason = image.HoldReason
            },
            new { version, hold = held, reason });
        if (image.Current != version) image.CurrentSince = NextSecond(image.CurrentSince, time.GetUtcNow());
        (image.Current, image.Held) = (version, held);
        (image.HeldBy, image.HeldAt, image.HoldReason) = (hold?.By, hold?.At, reason);
    }

    private static DateTimeOffset NextSecond(DateTimeOffset? before, DateTimeOffset now)
    {
        var second = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return before is { } last && second <= last ? last.AddSeconds(1) : second;
    }

    private static ImageVersionRow NewRow(ImageRow image, string id, Publication publication, DateTimeOffset now) =>
        new()
        {
            ImageId = image.Id,
            Id = id,
            Systems = StoredSystems.Write(publication.Systems),
            Provenance = publication.Provenance.GetRawText(),
            GcRoots = publication.GcRoots,
            CreatedAt = now,
        };
}
