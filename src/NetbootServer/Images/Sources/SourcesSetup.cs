using Microsoft.Extensions.Options;
using NetbootServer.Blobs;
using NetbootServer.Images.Sources.Downloads;
using NetbootServer.Images.Sources.Layouts;
using NetbootServer.Images.Sources.NixBuilds;
using NetbootServer.Startup;
using NetbootServer.Storage;

namespace NetbootServer.Images.Sources;

/// <summary>Registers the sources of images.</summary>
public static class SourcesSetup
{
    /// <summary>Adds <see cref="ImageSources"/>; needs the blob store, the data directory and a clock.</summary>
    public static IServiceCollection AddSources(this IServiceCollection services)
    {
        services.AddFeatureOptions<SourcesOptions>("Images").AddFeatureOptions<NixOptions>("Nix");
        services.AddOptions<SourcesOptions>().Configure<IConfiguration>((options, settings) =>
        {
            AddText(options.AllowedSources, settings["Images:AllowedSources"]);
            AddText(options.DirectoryRoots, settings["Images:DirectoryRoots"]);
        });
        services.AddOptions<NixOptions>().Configure<IConfiguration>(
            (options, settings) => AddText(options.AllowedInstallables, settings["Nix:AllowedInstallables"]));
        return services
            .AddSingleton<SourceRules>()
            .AddSingleton<SourceHttp>()
            .AddSingleton(MakePartials)
            .AddSingleton<SourceDownloads>()
            .AddSingleton<SourceBlobs>()
            .AddSingleton<DirectoryRoots>()
            .AddSingleton<InstallableRules>()
            .AddSingleton<NixCli>()
            .AddSingleton<GcRoots>()
            .AddSingleton<ReleaseSource>()
            .AddSingleton<NixSource>()
            .AddSingleton<HydraSource>()
            .AddSingleton<CacheSource>()
            .AddSingleton<DirectorySource>()
            .AddSingleton<ImageSources>();
    }

    /// <summary>
    /// A list that is given as one text, as environments and command lines do: separated by blanks or commas. Unread,
    /// a list of what alone is allowed would allow everything.
    /// </summary>
    private static void AddText(IList<string> list, string? text)
    {
        foreach (var item in (text ?? "").Split([' ', ',', ';', '\n'], StringSplitOptions.RemoveEmptyEntries)) list.Add(item);
    }

    private static PartialFiles MakePartials(IServiceProvider all) => new(all.GetRequiredService<DataDirectory>().Below("downloads"),
        all.GetRequiredService<IOptions<BlobsOptions>>().Value.MinFreeBytes, all.GetRequiredService<TimeProvider>());
}
