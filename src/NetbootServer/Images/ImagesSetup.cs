using NetbootServer.Startup;

namespace NetbootServer.Images;

/// <summary>Registers images and their versions.</summary>
internal static class ImagesSetup
{
    public static IServiceCollection AddImages(this IServiceCollection services) => services
        .AddFeatureOptions<ImagesOptions>("Images")
        .AddSingleton<ImageCatalog>()
        .AddSingleton<ImageStore>()
        .AddSingleton<VersionStore>()
        .AddSingleton<VersionUpload>();
}
