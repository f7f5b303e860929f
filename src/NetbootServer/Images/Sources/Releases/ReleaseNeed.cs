using NetbootServer.Blobs;

namespace NetbootServer.Images.Sources.Releases;

/// <summary>What has to be done for a file of a release.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Asset">The file.</param>
/// <param name="Here">Its bytes, when they are here already.</param>
/// <param name="Later">Whether its bytes are left for their first request.</param>
internal sealed record ReleaseNeed(string Role, ReleaseAsset Asset, StoredBlob? Here, bool Later);
