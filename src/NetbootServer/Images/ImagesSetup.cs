using Microsoft.EntityFrameworkCore;
using NetbootServer.Blobs;
using NetbootServer.Events;
using NetbootServer.Hosting;
using NetbootServer.Images.Isos;
using NetbootServer.Storage;

namespace NetbootServer.Images;

/// <summary>Registers images and their versions.</summary>
internal static class ImagesSetup
{
    public static IServiceCollection AddImages(this IServiceCollection services) => services
        .AddFeatureOptions<ImagesOptions>("Images")
        .AddSingleton<ImageCatalog>()
        .AddSingleton<ImageStore>()
        .AddSingleton<ImageRetries>()
        .AddSingleton(provider => new EventView("image", (name, _) => Task.FromResult<(object?, string?)>((
            provider.GetRequiredService<ImageCatalog>().Images.GetValueOrDefault(name) is { } image
                ? ImageView.Of(image) : null, null))))
        .AddChangedRows<ImageRow>(ChangeKinds.Image, DescribeImage)
        .AddChangedRows<ImageVersionRow>(ChangeKinds.Image, DescribeVersionAsync)
        .AddChangedRows<BlobRow>(ChangeKinds.Blob, DescribeBlobAsync)
        .AddChangeFollower("image catalog", ChangeStage.Catalogs,
            (provider, changes, ct) => changes.Has(ChangeKinds.Image)
                ? provider.GetRequiredService<ImageCatalog>().ReloadAsync(ct) : Task.CompletedTask)
        .AddChangeFollower("removal of surplus versions", ChangeStage.Work, (provider, changes) =>
        {
            // An image may keep fewer versions, or be gone.
            if (changes.Has(ChangeKinds.ImageSpec)) provider.GetRequiredService<Retention>().RequestCleanup();
        })
        .AddChangeFollower("looking into initrds", ChangeStage.Work, (provider, changes) =>
        {
            if (changes.Has(ChangeKinds.Image)) provider.GetRequiredService<InitrdLooking>().Request();
        })
        .AddSingleton<AbsentBytes>()
        .AddSingleton<ImageBytes>()
        .AddSingleton<NamedVersions>()
        .AddSingleton<BlobMissed>(provider => provider.GetRequiredService<AbsentBytes>().Answer)
        .AddSingleton<VersionStore>()
        .AddSingleton<Pins>()
        .AddSingleton<BootPrograms>()
        .AddSingleton<ImportGate>()
        .AddSingleton<Retention>()
        .AddHostedService<RetentionWorker>()
        .AddSingleton<InitrdLooking>()
        .AddHostedService(provider => provider.GetRequiredService<InitrdLooking>())
        .AddSingleton<ImageSpecParser>()
        .AddSingleton<IsoOpener>()
        .AddSingleton<VersionUpload>();

    private static void DescribeImage(Changes changes, ImageRow? before, ImageRow? after)
    {
        var isSpec = before is null || after is null || before.Spec != after.Spec || before.Name != after.Name;
        foreach (var name in new[] { before?.Name, after?.Name }.OfType<string>())
        {
            changes.Add(ChangeKinds.Image, name);
            if (isSpec) changes.Add(ChangeKinds.ImageSpec, name);
        }
    }

    private static async ValueTask DescribeVersionAsync(
        NetbootDb db, ImageVersionRow? before, ImageVersionRow? after, CancellationToken ct)
    {
        if (await db.Set<ImageRow>().FindAsync([(after ?? before)!.ImageId], ct) is { } image)
            db.Changes.Add(ChangeKinds.Image, image.Name);
    }

    /// <summary>A blob that goes out of service, or comes back, changes the images that have it.</summary>
    private static async ValueTask DescribeBlobAsync(
        NetbootDb db, BlobRow? before, BlobRow? after, CancellationToken ct)
    {
        if (before is null || after is null) return;
        if (before.OutOfServiceSince is null == after.OutOfServiceSince is null) return;
        foreach (var image in await (
            from use in db.Set<VersionBlobRow>()
            join version in db.Set<ImageVersionRow>() on use.VersionSequence equals version.Sequence
            join row in db.Set<ImageRow>() on version.ImageId equals row.Id
            where use.Sha256 == after.Sha256
            select row.Name).Distinct().ToListAsync(ct))
            db.Changes.Add(ChangeKinds.Image, image);
    }
}
