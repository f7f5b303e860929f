using System.ComponentModel.DataAnnotations;
using NetbootServer.Api;
using NetbootServer.Hosting;

namespace NetbootServer.Images;

/// <summary>Settings of images: <c>Images</c>.</summary>
public sealed record ImagesOptions : IValidatableObject
{
    /// <summary>Whether an empty database gets images of its own to begin with.</summary>
    public bool Defaults { get; init; } = true;

    /// <summary>
    /// The releases that those come from: the folder above <c>nixos-unstable</c>. A mirror, such as another of these
    /// servers (<c>http://…/images</c>), does as well.
    /// </summary>
    [Url]
    public string DefaultsFrom { get; init; } = "https://github.com/nix-community/nixos-images/releases/download";

    /// <summary>
    /// Which of those releases there are: each makes an image of its name, the first is fetched at once. Empty: the
    /// stable one of the time when this server was made, and unstable.
    /// </summary>
    [Example("nixos-unstable")]
    public IList<string> DefaultReleases { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DefaultReleases.FirstOrDefault(name => !ResourceName.TryParse(name, out _)) is { } bad)
            yield return new($"'{bad}' must be {ResourceName.Expected}", [nameof(DefaultReleases)]);
        if (DefaultReleases.Distinct().Count() != DefaultReleases.Count)
            yield return new("names a release twice", [nameof(DefaultReleases)]);
    }
}
