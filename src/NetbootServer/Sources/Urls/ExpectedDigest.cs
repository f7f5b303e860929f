using System.Security.Cryptography;
using NetbootServer.Blobs;

namespace NetbootServer.Sources.Urls;

/// <summary>What a file's bytes must hash to.</summary>
/// <param name="Sha256">SHA-256; null when only the other is known.</param>
/// <param name="Sha512">SHA-512 in lower-case hexadecimal; null when SHA-256 is known.</param>
internal sealed record ExpectedDigest(Sha256Digest? Sha256, string? Sha512)
{
    /// <summary>The digest for a person.</summary>
    public string Shown => Sha256 is { } sha256 ? $"SHA-256 {sha256}" : $"SHA-512 {Sha512}";

    /// <summary>Whether bytes have it.</summary>
    public bool IsOf(ReadOnlySpan<byte> bytes) => Sha256 is { } sha256
        ? Sha256Digest.FromBytes(SHA256.HashData(bytes)) == sha256
        : Convert.ToHexStringLower(SHA512.HashData(bytes)) == Sha512;
}
