namespace NetbootServer.Blobs;

/// <summary>Answers a request for bytes that are not here but that somebody knows of; null when nobody does.</summary>
public delegate IResult? BlobMissed(Sha256Digest digest);
