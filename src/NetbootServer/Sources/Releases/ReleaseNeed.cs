using NetbootServer.Blobs;

namespace NetbootServer.Sources.Releases;

/// <summary>What has to be done for a file of a release.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Asset">The file.</param>
internal sealed record ReleaseNeed(string Role, ReleaseAsset Asset)
{
    /// <summary>Its bytes, when they are here already.</summary>
    public StoredBlob? Here { get; init; }

    /// <summary>Whether its bytes are left for their first request.</summary>
    public bool Later { get; init; }

    /// <summary>
    /// How long it is by the answer to a question, when no list says so; the download is not held to it.
    /// </summary>
    public long? Likely { get; init; }

    /// <summary>How many bytes are expected, if known; otherwise a file without a list may not exist.</summary>
    public long? Bytes => Asset.Size ?? Likely;
}
