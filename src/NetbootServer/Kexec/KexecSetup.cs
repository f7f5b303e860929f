using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Kexec.Boots;

namespace NetbootServer.Kexec;

/// <summary>Registers everything about kexec bundles.</summary>
internal static class KexecSetup
{
    public static IServiceCollection AddKexec(this IServiceCollection services) => services
        .AddFeatureOptions<KexecOptions>("Kexec")
        .AddSingleton<KexecTarball>()
        .AddSingleton<KexecPreparation>()
        .AddSingleton<PreparedKexec>()
        .AddSingleton<ImageBundles>()
        .AddSingleton<KexecKey>()
        .AddSingleton<KexecComposer>()
        .AddSingleton<KexecBoots>()
        .AddSingleton<KexecDoor>()
        .AddSingleton<MadeImageFile>(provider => provider.GetRequiredService<ImageBundles>().MadeAsync);
}
