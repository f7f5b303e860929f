namespace NetbootServer.Blobs;

/// <summary>Answers a request for a known blob whose bytes are missing; null when the blob is unknown.</summary>
public delegate IResult? BlobMissed(Sha256Digest digest);
