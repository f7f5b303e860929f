using System.Diagnostics.CodeAnalysis;
using System.Text;
using NSec.Cryptography;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// A public key that signs store paths, such as
/// <c>cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=</c>: a name and 32 bytes of Ed25519 (RFC 8032).
/// </summary>
public sealed class CacheKey
{
    private const int MaxNameLength = 200;
    private readonly PublicKey _key;

    private CacheKey(string name, PublicKey key) => (Name, _key) = (name, key);

    /// <summary>The key's name, which stands in each signature.</summary>
    public string Name { get; }

    /// <summary>Reads <c>{name}:{base 64}</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out CacheKey? key)
    {
        key = null;
        if (!TrySplit(text, 32, out var name, out var bytes)
            || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, bytes, KeyBlobFormat.RawPublicKey, out var imported)
            || imported is null) return false;
        key = new CacheKey(name, imported);
        return true;
    }

    /// <summary>
    /// Whether <paramref name="signature"/>, as a narinfo has it, is this key's over <paramref name="fingerprint"/>.
    /// </summary>
    public bool Signed(string signature, string fingerprint) =>
        TrySplit(signature, SignatureAlgorithm.Ed25519.SignatureSize, out var name, out var bytes)
        && name == Name && SignatureAlgorithm.Ed25519.Verify(_key, Encoding.UTF8.GetBytes(fingerprint), bytes);

    private static bool TrySplit(string? text, int size, [NotNullWhen(true)] out string? name, out byte[] bytes)
    {
        name = null;
        bytes = new byte[size];
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon is <= 0 or > MaxNameLength) return false;
        name = text![..colon];
        // One byte to spare: a longer text must not pass for its first bytes.
        Span<byte> decoded = stackalloc byte[size + 1];
        if (!Convert.TryFromBase64String(text[(colon + 1)..], decoded, out var count) || count != size) return false;
        decoded[..size].CopyTo(bytes);
        return true;
    }
}
