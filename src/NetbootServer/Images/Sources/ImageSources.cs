using NetbootServer.Images.Sources.Downloads;
using NetbootServer.Images.Sources.Layouts;
using NetbootServer.Images.Sources.NixBuilds;
using NetbootServer.Images.Sources.Specs;

namespace NetbootServer.Images.Sources;

/// <summary>All kinds of sources, and the reader of their JSON.</summary>
/// <param name="release">For <c>release</c>.</param>
/// <param name="nix">For <c>nix</c>.</param>
/// <param name="hydra">For <c>hydra</c>.</param>
/// <param name="cache">For <c>cache</c>.</param>
/// <param name="directory">For <c>directory</c>.</param>
/// <param name="urls">Judges addresses.</param>
/// <param name="folders">Judges folders.</param>
/// <param name="installables">Judges installables.</param>
public sealed class ImageSources(ReleaseSource release, NixSource nix, HydraSource hydra, CacheSource cache,
    DirectorySource directory, SourceRules urls, DirectoryRoots folders, InstallableRules installables)
{
    /// <summary>Reads an image's <c>source</c>, and refuses what the settings do not allow.</summary>
    public SourceSpecParser Parser { get; } = new(urls.Fault, folders.Fault, installables.Fault);

    /// <summary>What fetches versions of a source; null for <c>upload</c>, which has nothing to fetch.</summary>
    public IImageSource? For(SourceSpec spec) => spec switch
    {
        ReleaseSpec => release,
        NixSpec => nix,
        HydraSpec => hydra,
        CacheSpec => cache,
        DirectorySpec => directory,
        _ => null,
    };
}
