using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetbootServer.Nix.Commands;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Compatibility;

/// <summary>
/// Which of nix-netboot-serve's URLs are answered (<c>Nix:ServeCompatibility</c>), and where the folders are that they
/// name. Looks at the disk and starts nothing.
/// </summary>
internal sealed class ServedNames(IOptions<NixServeOptions> options)
{
    /// <summary>Links that lead to links: generations of a Nix profile are two.</summary>
    private const int MaxLinks = 20;

    private readonly ImmutableArray<string> _patterns = [.. options.Value.ServeCompatibility];

    /// <summary>Whether any is answered.</summary>
    public bool Any => !_patterns.IsEmpty;

    /// <summary>Whether a path is answered.</summary>
    /// <param name="path">The URL's path without its first slash and without the file name.</param>
    public bool Allow(string path) => _patterns.Any(pattern => InstallableRules.Matches(pattern, path));

    /// <summary>The system that a link in the folder of profiles leads to; null when there is none.</summary>
    public StorePath? FindProfile(string name)
    {
        if (string.IsNullOrEmpty(options.Value.ProfileDirectory)) return null;
        var path = Path.Combine(options.Value.ProfileDirectory, name);
        for (var links = 0; links < MaxLinks; links++)
        {
            if (new FileInfo(path).LinkTarget is not { } target) return null;
            path = Path.GetFullPath(target, Path.GetDirectoryName(path)!);
            if (StorePath.TryParse(path, out var system)) return system;
        }
        return null;
    }

    /// <summary>
    /// The file that a configuration is built from, links resolved, and the folder that it may read; null when there
    /// is none.
    /// </summary>
    public (string File, string Folder)? FindConfiguration(string name)
    {
        if (string.IsNullOrEmpty(options.Value.ConfigurationDirectory)) return null;
        var folder = Path.Combine(options.Value.ConfigurationDirectory, name);
        if (!File.Exists(Path.Combine(folder, "default.nix"))) return null;
        var real = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
        return (Path.Combine(real, "default.nix"), real);
    }

    /// <summary>Where a Hydra is.</summary>
    public string HydraOf(string host) => $"{(options.Value.HttpHydras.Contains(host) ? "http" : "https")}://{host}/";
}
