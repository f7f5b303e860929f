using NetbootServer.Blobs;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Releases;

/// <summary>A file of a release, as a list has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Links">Where it is, the surest way first: an address with its id is of these very bytes.</param>
internal sealed record ReleaseAsset(string Name, IReadOnlyList<SourceLink> Links)
{
    /// <summary>The release host's id of these bytes under this name; null when the list has none.</summary>
    public long? Id { get; init; }

    /// <summary>Its length in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 of its bytes.</summary>
    public Sha256Digest? Digest { get; init; }

    /// <summary>When it was uploaded.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Whether all of it is there.</summary>
    public bool Uploaded { get; init; } = true;

    /// <summary>What is the same only for the same bytes, as far as the list says.</summary>
    public string Pin => $"{Id} {Size} {Digest} {UpdatedAt:O} {Uploaded}";
}
