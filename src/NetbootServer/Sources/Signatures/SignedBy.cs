namespace NetbootServer.Sources.Signatures;

/// <summary>A good signature.</summary>
/// <param name="Key">The fingerprint of the key (OpenPGP), or its number (signify, minisign); hexadecimal.</param>
/// <param name="At">When it was made, as the signer says; null when the signature does not say.</param>
internal sealed record SignedBy(string Key, DateTimeOffset? At);
