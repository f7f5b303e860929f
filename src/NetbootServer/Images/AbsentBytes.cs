using NetbootServer.Blobs;
using NetbootServer.Serving;

namespace NetbootServer.Images;

/// <summary>Answers for artifacts whose bytes were left for later: asks for them, so that they come now.</summary>
internal sealed class AbsentBytes(ImageCatalog catalog, ISourceRequests sources)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>The answer for a digest; null when no version has it.</summary>
    public IResult? Answer(Sha256Digest digest)
    {
        var sha256 = digest.ToString();
        var users = catalog.Images.Values.SelectMany(image => image.Versions.Values
            .Where(version => version.Systems.Values.Any(system =>
                system.All.Any(part => part.Artifact.Sha256 == sha256)))
            .Select(version => (Image: image, Version: version))).ToList();
        if (users.Count == 0) return null;
        var (image, version) = users.Find(user => IsNewest(user.Image, user.Version)) is { Image: not null } best
            ? best : users[0];
        return Answer(image, version, version.Systems.Values.SelectMany(system => system.All)
            .First(part => part.Artifact.Sha256 == sha256).Artifact);
    }

    /// <summary>The answer for an artifact of a version.</summary>
    public IResult Answer(Image image, ImageVersion version, Artifact artifact)
    {
        if (!Request(image, version))
            return MachineAnswer.NotFound("The bytes of this file were never fetched, and its source has a newer " +
                "build by now: ask for the newest version's file.");
        return MachineAnswer.TryAgain(
            $"The {artifact.SizeBytes} bytes of this file are being fetched for the first time: ask again until they " +
            "are here.", Soon);
    }

    /// <summary>Asks for what a version lacks; false when that cannot be fetched any more.</summary>
    public bool Request(ImageVersion version) =>
        catalog.Images.TryGetValue(version.Image, out var image) && Request(image, version);

    private bool Request(Image image, ImageVersion version)
    {
        if (image.Spec.SourceType == "upload" || !IsNewest(image, version)) return false;
        sources.RequestAbsentBytes(image.Name);
        return true;
    }

    private static bool IsNewest(Image image, ImageVersion version) =>
        image.Versions.Values.MaxBy(kept => kept.Sequence)!.Id == version.Id;
}
