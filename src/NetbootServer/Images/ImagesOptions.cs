using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Images;

/// <summary>Settings of images: <c>Images</c>.</summary>
public sealed record ImagesOptions
{
    /// <summary>Whether an empty database gets images of its own to begin with.</summary>
    public bool Defaults { get; init; } = true;

    /// <summary>
    /// The releases that those come from: the folder above <c>nixos-unstable</c>. A mirror, such as another of these
    /// servers (<c>http://…/images</c>), does as well.
    /// </summary>
    [Url]
    public string DefaultsFrom { get; init; } = "https://github.com/nix-community/nixos-images/releases/download";

    /// <summary>Jobs at once, scrubs among them.</summary>
    [Range(1, 64)]
    public int MaxConcurrentJobs { get; init; } = 2;
}
