using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace NetbootServer.Sources.Signatures;

/// <summary>A public key that signatures are checked against.</summary>
public sealed record SigningKey
{
    /// <summary>The longest key that is read, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>What a key must be, for messages.</summary>
    public const string Expected =
        "an OpenPGP public key (-----BEGIN PGP PUBLIC KEY BLOCK-----…), or a public key of signify or minisign " +
        "(RW…, with or without its comment)";

    private const string Begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----", End = "-----END PGP PUBLIC KEY BLOCK-----";

    // Both tools write: the algorithm "Ed", 8 bytes of the key's number, and the Ed25519 key (RFC 8032).
    private const int NumberAt = 2, KeyAt = 10, KeyLength = 42;

    /// <summary>What signs with it.</summary>
    public required SigningKeyKind Kind { get; init; }

    /// <summary>OpenPGP: its packets (RFC 9580). Otherwise: the 32 bytes of the Ed25519 key.</summary>
    public required ImmutableArray<byte> Bytes { get; init; }

    /// <summary>The key's number as signify and minisign write it, in their order of bytes; 0 for OpenPGP.</summary>
    public ulong Number { get; init; }

    /// <summary>Reads a key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SigningKey? key)
    {
        ArgumentNullException.ThrowIfNull(text);
        key = text.Contains(Begin, StringComparison.Ordinal) ? OpenPgp(text) : Ed25519(text);
        return key is not null;
    }

    private static SigningKey? OpenPgp(string text)
    {
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, begin, StringComparison.Ordinal);
        return end > begin && Armour.Read(text[begin..end]) is { Length: > 0 } bytes
            ? new SigningKey { Kind = SigningKeyKind.OpenPgp, Bytes = [.. bytes] } : null;
    }

    private static SigningKey? Ed25519(string text)
    {
        var line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(line => !line.StartsWith("untrusted comment:", StringComparison.Ordinal));
        if (line is null || !Base64.IsValid(line)) return null;
        var bytes = Convert.FromBase64String(line);
        return bytes.Length == KeyLength && bytes.AsSpan(0, NumberAt).SequenceEqual("Ed"u8)
            ? new SigningKey
            {
                Kind = SigningKeyKind.Ed25519, Bytes = [.. bytes.AsSpan(KeyAt)],
                Number = BitConverter.ToUInt64(bytes, NumberAt),
            }
            : null;
    }
}

/// <summary>What signs with a key.</summary>
public enum SigningKeyKind
{
    /// <summary>OpenPGP (RFC 9580), such as GnuPG.</summary>
    OpenPgp,

    /// <summary>OpenBSD's signify, or minisign.</summary>
    Ed25519,
}
