using NetbootServer.Blobs;
using NetbootServer.Events;
using NetbootServer.Hosting;

namespace NetbootServer.Images;

/// <summary>Registers images and their versions.</summary>
internal static class ImagesSetup
{
    public static IServiceCollection AddImages(this IServiceCollection services) => services
        .AddFeatureOptions<ImagesOptions>("Images")
        .AddSingleton<ImageCatalog>()
        .AddSingleton<ImageStore>()
        .AddSingleton<ImageRetries>()
        .AddSingleton(provider => new ChangeSource("image", (name, _) => Task.FromResult<(object?, string?)>((
            provider.GetRequiredService<ImageCatalog>().Images.GetValueOrDefault(name) is { } image
                ? ImageView.Of(image) : null, null))))
        .AddSingleton<AbsentBytes>()
        .AddSingleton<BlobMissed>(provider => provider.GetRequiredService<AbsentBytes>().Answer)
        .AddSingleton<VersionStore>()
        .AddSingleton<Pins>()
        .AddSingleton<KernelVersions>()
        .AddSingleton<ImportGate>()
        .AddSingleton<Retention>()
        .AddSingleton<ImageSaved>(provider => (_, _) =>
        {
            provider.GetRequiredService<Retention>().WantTidying(); // it may keep fewer versions, or be gone
            return Task.CompletedTask;
        })
        .AddHostedService<RetentionWorker>()
        .AddSingleton<ImageSpecParser>()
        .AddSingleton<VersionUpload>();
}
