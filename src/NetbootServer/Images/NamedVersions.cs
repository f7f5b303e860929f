using NetbootServer.Serving;

namespace NetbootServer.Images;

/// <summary>Finds versions by the names that machines' URLs have for them.</summary>
internal sealed class NamedVersions(ImageCatalog catalog, ISourceRequests sources)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The version that <c>{image}</c> or <c>{image}@{version}</c> names, or why there is none. An image that has none
    /// yet is refreshed.
    /// </summary>
    /// <returns>
    /// Image and version, or the answer that says why there is no version; null when no image has the name.
    /// </returns>
    public (Image Image, ImageVersion? Version, bool IsNamed, MachineAnswer? Refusal)? Find(string image)
    {
        var (name, wanted) = image.Split('@', 2) is [var before, var after] ? (before, after) : (image, null);
        if (!catalog.Images.TryGetValue(name, out var found)) return null;
        var version = wanted is null ? found.CurrentVersion : found.Versions.GetValueOrDefault(wanted);
        if (version is not null) return (found, version, wanted is not null, null);
        if (wanted is not null) return (found, null, true, MachineAnswer.NotFound("This image has no such version."));
        sources.RequestFirstVersion(name);
        return (found, null, false, MachineAnswer.TryAgain("This image has no version yet.", Soon));
    }
}
