using NetbootServer.Archives;

namespace NetbootServer.Blobs;

/// <summary>Bytes that are stored now, whether they were before or not.</summary>
/// <param name="Digest">Their SHA-256.</param>
/// <param name="Length">Their number.</param>
/// <param name="File">What they are.</param>
public sealed record StoredBlob(Sha256Digest Digest, long Length, BootFile File);
