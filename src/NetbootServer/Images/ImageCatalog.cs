using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>All images with their kept versions, in memory.</summary>
public sealed class ImageCatalog : IDisposable
{
    private readonly Snapshot<FrozenDictionary<string, Image>> _images;

    /// <summary>A catalog over the database, empty until <see cref="ReloadAsync"/>.</summary>
    public ImageCatalog(Database database)
    {
        ArgumentNullException.ThrowIfNull(database);
        _images = new(ct => database.ReadAsync(LoadAsync, ct));
    }

    /// <summary>When this server began: what it writes itself may have been other text before.</summary>
    public DateTimeOffset Began { get; } = DateTimeOffset.UtcNow;

    /// <summary>The images by name as of the last change.</summary>
    public FrozenDictionary<string, Image> Images => _images.Value;

    /// <summary>
    /// The kept version whose id begins so, with its image; null when none is kept. One that several images have is the
    /// same in all of them.
    /// </summary>
    internal (Image Image, ImageVersion Version)? FindVersion(string prefix)
    {
        if (prefix.Length == 0) return null;
        foreach (var image in Images.Values)
            foreach (var (id, version) in image.Versions)
                if (id.StartsWith(prefix, StringComparison.Ordinal)) return (image, version);
        return null;
    }

    /// <summary>Reads the images anew, after a change was committed.</summary>
    public Task ReloadAsync(CancellationToken ct) => _images.ReloadAsync(ct);

    /// <inheritdoc/>
    public void Dispose() => _images.Dispose();

    private static async Task<FrozenDictionary<string, Image>> LoadAsync(NetbootDb db, CancellationToken ct)
    {
        var versions = (await db.Set<ImageVersionRow>().OrderBy(row => row.Sequence).ToListAsync(ct))
            .ToLookup(row => row.ImageId);
        var images = await db.Set<ImageRow>().ToListAsync(ct);
        var bytes = await DiskBytesAsync(db, ct);
        return images.Select(row => ToImage(row, versions[row.Id]) with { DiskBytes = bytes.GetValueOrDefault(row.Id) })
            .ToFrozenDictionary(image => image.Name, StringComparer.Ordinal);
    }

    /// <summary>
    /// By image; composed blobs take no room, but what they are ranges of is held by the version, too.
    /// </summary>
    private static Task<Dictionary<long, long>> DiskBytesAsync(NetbootDb db, CancellationToken ct) => (
        from version in db.Set<ImageVersionRow>()
        join use in db.Set<VersionBlobRow>() on version.Sequence equals use.VersionSequence
        join blob in db.Set<BlobRow>() on use.Sha256 equals blob.Sha256
        where blob.Segments == null
        select new { version.ImageId, blob.Sha256, blob.SizeBytes }).Distinct().GroupBy(file => file.ImageId)
        .Select(files => new { files.Key, Bytes = files.Sum(file => file.SizeBytes) })
        .ToDictionaryAsync(files => files.Key, files => files.Bytes, ct);

    /// <summary>
    /// The image of a row that was saved; made of the row itself when the catalog cannot be loaded at the moment, or
    /// has a later change already.
    /// </summary>
    internal Image Saved(ImageRow row) =>
        Images.TryGetValue(row.Name, out var image) && image.Id == row.Id && image.Revision == row.Revision
            && image.Current == row.Current && image.Held == row.Held
            ? image
            : ToImage(row, []) with
            {
                Versions = Images.Values.FirstOrDefault(known => known.Id == row.Id)?.Versions
                    ?? FrozenDictionary<string, ImageVersion>.Empty,
            };

    internal static Image ToImage(ImageRow row, IEnumerable<ImageVersionRow> versions) =>
        new(row.Name, JsonSerializer.Deserialize<ImageSpec>(row.Spec, JsonBody.Writing)!, row.Revision)
        {
            Id = row.Id,
            Current = row.Current,
            CurrentSince = row.CurrentSince,
            Held = row.Held,
            Hold = row is { Held: true, HeldBy: { } by, HeldAt: { } at } ? new(by, at, row.HoldReason) : null,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            LastRefreshedAt = row.LastRefreshedAt,
            RetryAt = row.RetryAt,
            ManagedBy = ManagedBy.Of(row.ManagedBy),
            Versions = versions.Select(version => ToVersion(version, row.Name))
                .ToFrozenDictionary(version => version.Id, StringComparer.Ordinal),
        };

    /// <summary>What is known of initrds from any version; null when none has the same.</summary>
    internal InitrdLayout? FindLayout(string initrdKey) => Images.Values.SelectMany(image => image.Versions.Values)
        .SelectMany(version => version.Recipes).FirstOrDefault(recipe => recipe.Layout is not null
            && recipe.InitrdKey == initrdKey)?.Layout;

    private static ImmutableSortedDictionary<string, SystemRecipe> WithLayouts(
        ImmutableSortedDictionary<string, SystemRecipe> systems, string? stored)
    {
        if (StoredJson.Read<Dictionary<string, InitrdLayout>>(stored) is not { } layouts) return systems;
        return systems.ToImmutableSortedDictionary(system => system.Key, system => system.Value with
        {
            Layout = layouts.GetValueOrDefault(system.Value.InitrdKey),
            Variants = system.Value.Variants?.ToImmutableSortedDictionary(variant => variant.Key,
                variant => variant.Value with { Layout = layouts.GetValueOrDefault(variant.Value.InitrdKey) }),
        });
    }

    internal static ImageVersion ToVersion(ImageVersionRow row, string image) => new(
        row.Id, image, row.CreatedAt,
        WithLayouts(StoredSystems.Read(row.Systems), row.InitrdLayouts))
    {
        Sequence = row.Sequence,
        PhonesHome = row.PhonesHome,
        Provenance = row.Provenance is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Provenance),
    };
}
