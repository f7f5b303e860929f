namespace NetbootServer.Images;

/// <summary>
/// A file of a version that no source has, because this server makes it; null when it makes none of that name.
/// </summary>
/// <param name="version">The version.</param>
/// <param name="file">The name in the URL.</param>
/// <param name="ct">Ends the waiting.</param>
public delegate Task<IResult?> MadeImageFile(ImageVersion version, string file, CancellationToken ct);
