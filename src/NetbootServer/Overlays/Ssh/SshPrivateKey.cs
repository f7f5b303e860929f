using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace NetbootServer.Overlays.Ssh;

/// <summary>
/// A private key without a pass phrase, as a host key has to be: in OpenSSH's own format (openssh-portable
/// PROTOCOL.key), or in PEM (<see cref="PemPrivateKey"/>).
/// </summary>
internal static class SshPrivateKey
{
    private const string Begin = "-----BEGIN OPENSSH PRIVATE KEY-----", End = "-----END OPENSSH PRIVATE KEY-----";
    private const int LineLength = 70, BlockBytes = 8;
    private static readonly byte[] Magic = "openssh-key-v1\0"u8.ToArray();

    /// <summary>Characters of the longest key: an RSA key of 16384 bits has 12,700.</summary>
    public const int MaxLength = 32 * 1024;

    /// <summary>Why a key with a pass phrase is refused.</summary>
    internal const string PassPhrase = "has a pass phrase, which nothing could enter when sshd starts: take it away " +
        "with ssh-keygen -p -N '' -f FILE";

    /// <summary>Why a key of another type is refused.</summary>
    internal const string OtherType = "is of a type that is no host key: use ed25519, rsa or ecdsa";

    /// <summary>Reads a key.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="key">Its public half, when it is one.</param>
    /// <param name="fault">What is wrong with it otherwise.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out SshPublicKey? key,
        [NotNullWhen(false)] out string? fault)
    {
        (key, fault) = (null, null);
        var body = text.Trim();
        try
        {
            if (PemPrivateKey.Is(body)) key = PemPrivateKey.Read(body);
            else if (!body.StartsWith(Begin, StringComparison.Ordinal) || !body.EndsWith(End, StringComparison.Ordinal)
                || body.Length < Begin.Length + End.Length)
                fault = $"must be a private key in OpenSSH's format, which begins with {Begin}, or in PEM; " +
                    "ssh-keygen -p -N '' -f FILE converts others";
            else if (!Base64.IsValid(body.AsSpan()[Begin.Length..^End.Length])) fault = "is damaged";
            else key = Read(Convert.FromBase64String(body[Begin.Length..^End.Length]));
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            fault = e is FormatException ? e.Message : "is damaged";
        }
        return key is not null;
    }

    /// <summary>
    /// The file of an Ed25519 key. The same seed and number give the same file.
    /// </summary>
    /// <param name="seed">32 bytes (RFC 8032 §5.1.5).</param>
    /// <param name="check">A number of any value by which ssh sees that it decrypted well.</param>
    /// <param name="comment">The key's comment.</param>
    public static (string File, SshPublicKey Public) Ed25519(ReadOnlySpan<byte> seed, uint check, string comment)
    {
        var point = PointOf(seed);
        var publicKey = new SshPublicKey("ssh-ed25519", new SshWriter().Text("ssh-ed25519").Bytes(point).ToArray());
        var secret = new SshWriter().Number(check).Number(check).Text("ssh-ed25519").Bytes(point)
            .Bytes([.. seed, .. point]).Text(comment);
        for (byte pad = 1; secret.Length % BlockBytes != 0; pad++) secret.Raw([pad]);
        var whole = new SshWriter().Raw(Magic).Text("none").Text("none").Text("").Number(1).Bytes(publicKey.Blob)
            .Bytes(secret.ToArray()).ToArray();
        var file = new StringBuilder(Begin).Append('\n');
        foreach (var line in Convert.ToBase64String(whole).Chunk(LineLength)) file.Append(line).Append('\n');
        return (file.Append(End).Append('\n').ToString(), publicKey);
    }

    private static SshPublicKey Read(byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith(Magic)) throw new FormatException("is no key in OpenSSH's format");
        var outer = new SshReader(bytes.AsSpan(Magic.Length));
        var (cipher, function) = (outer.Text(), outer.Text());
        outer.Bytes();
        if (cipher != "none" || function != "none")
            throw new FormatException(PassPhrase);
        if (outer.Number() != 1) throw new FormatException("must be one key");
        var blob = outer.Bytes();
        var inner = new SshReader(outer.Bytes());
        if (!outer.IsAtEnd) throw new FormatException("has bytes behind its end");
        if (inner.Number() != inner.Number()) throw new FormatException("is damaged");
        var type = inner.Text();
        var own = type switch
        {
            "ssh-ed25519" => Ed25519(ref inner),
            "ssh-rsa" => Rsa(ref inner),
            "ecdsa-sha2-nistp256" or "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521" => Ecdsa(type, ref inner),
            _ => throw new FormatException(OtherType),
        };
        inner.Bytes(); // the comment
        for (var i = 0; i < inner.Rest.Length; i++)
            if (inner.Rest[i] != i + 1) throw new FormatException("is damaged");
        if (!blob.SequenceEqual(own)) throw new FormatException("has a public half that belongs to another key");
        return SshPublicKey.TryParse(type, Convert.ToBase64String(own), out var key, out var fault) ? key
            : throw new FormatException(fault);
    }

    private static byte[] Ed25519(ref SshReader inner)
    {
        var point = inner.Bytes();
        var secret = inner.Bytes();
        if (secret.Length != 64 || !secret[32..].SequenceEqual(point)
            || !PointOf(secret[..32]).AsSpan().SequenceEqual(point))
            throw new FormatException("is damaged");
        return new SshWriter().Text("ssh-ed25519").Bytes(point).ToArray();
    }

    private static byte[] Rsa(ref SshReader inner)
    {
        var modulus = inner.Bytes();
        var exponent = inner.Bytes();
        var secret = inner.Magnitude();
        var inverse = inner.Magnitude();
        CheckRsa(modulus, exponent, secret, inverse, inner.Magnitude(), inner.Magnitude());
        return new SshWriter().Text("ssh-rsa").Bytes(exponent).Bytes(modulus).ToArray();
    }

    /// <summary>Checks that the numbers of an RSA key belong together (RFC 8017 §3.2).</summary>
    /// <exception cref="FormatException">They do not.</exception>
    internal static void CheckRsa(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent, ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> inverse, ReadOnlySpan<byte> prime, ReadOnlySpan<byte> otherPrime)
    {
        var (first, second, product) = (Big(prime), Big(otherPrime), Big(exponent) * Big(secret));
        // Before anything divides by one of them.
        if (first < 3 || second < 3 || first * second != Big(modulus) || Big(inverse) * second % first != 1
            || product % (first - 1) != 1 || product % (second - 1) != 1)
            throw new FormatException("is damaged");
    }

    private static byte[] Ecdsa(string type, ref SshReader inner)
    {
        var curve = inner.Text();
        var point = inner.Bytes();
        var secret = inner.Magnitude();
        var (named, size) = curve switch
        {
            "nistp256" => (ECCurve.NamedCurves.nistP256, 32),
            "nistp384" => (ECCurve.NamedCurves.nistP384, 48),
            _ => (ECCurve.NamedCurves.nistP521, 66),
        };
        if (point.Length != 1 + 2 * size || secret.Length > size) throw new FormatException("is damaged");
        var padded = new byte[size];
        secret.CopyTo(padded.AsSpan(size - secret.Length));
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = named, D = padded,
            Q = new() { X = point[1..(1 + size)].ToArray(), Y = point[(1 + size)..].ToArray() },
        });
        return new SshWriter().Text(type).Text(curve).Bytes(point).ToArray();
    }

    private static BigInteger Big(ReadOnlySpan<byte> magnitude) =>
        new(magnitude, isUnsigned: true, isBigEndian: true);

    private static byte[] PointOf(ReadOnlySpan<byte> seed)
    {
        using var key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        return key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }
}
