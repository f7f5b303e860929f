using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// Called for a transfer that says it belongs to a boot (<c>?boot=</c>), just before its first byte leaves; implemented
/// by what knows boots. It must not wait for anything.
/// </summary>
/// <param name="http">The request.</param>
/// <param name="boot">The boot's token as the client gave it: untrusted text.</param>
/// <param name="file">The file name in the URL: untrusted text.</param>
/// <param name="digest">The blob.</param>
/// <param name="offset">The first byte that is sent.</param>
/// <param name="length">How many bytes are sent.</param>
/// <returns>What counts the bytes; null when there is no such boot, which never refuses the bytes.</returns>
public delegate TransferMeter? TransferStarting(
    HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length);
