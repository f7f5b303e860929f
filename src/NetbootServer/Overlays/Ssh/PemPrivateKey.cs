using System.Security.Cryptography;

namespace NetbootServer.Overlays.Ssh;

/// <summary>
/// A private key in PEM without a pass phrase, as <c>ssh-keygen -m PEM</c> and OpenSSL write it and sshd reads it:
/// PKCS #1 (RFC 8017 §A.1.2), SEC 1 (RFC 5915) and PKCS #8 (RFC 5958) of RSA and ECDSA.
/// </summary>
internal static class PemPrivateKey
{
    /// <summary>The OID 1.3.101.112 (RFC 8410), which stands at the beginning of PKCS #8.</summary>
    private static readonly byte[] Ed25519Oid = [6, 3, 0x2B, 0x65, 0x70];

    private const string OtherCurve = "is on a curve that ssh does not know: use nistp256, nistp384 or nistp521";

    /// <summary>Whether a text may be such a key: PEM of any other kind than OpenSSH's own.</summary>
    public static bool Is(string text) => text.StartsWith("-----BEGIN ", StringComparison.Ordinal)
        && !text.StartsWith("-----BEGIN OPENSSH ", StringComparison.Ordinal);

    /// <summary>The public half of the key.</summary>
    /// <exception cref="FormatException">What is wrong with it, as a predicate: "is damaged".</exception>
    /// <exception cref="CryptographicException">It is damaged.</exception>
    public static SshPublicKey Read(string text)
    {
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal)) throw new FormatException(SshPrivateKey.PassPhrase);
        if (!PemEncoding.TryFind(text, out var pem) || pem.Location.Start.Value != 0
            || pem.Location.End.Value != text.Length) throw new FormatException("is damaged");
        var der = Convert.FromBase64String(text[pem.Base64Data]);
        return text[pem.Label] switch
        {
            "RSA PRIVATE KEY" => Rsa(der, key =>
            {
                key.ImportRSAPrivateKey(der, out var read);
                return read;
            }),
            "EC PRIVATE KEY" => Ecdsa(der, key =>
            {
                key.ImportECPrivateKey(der, out var read);
                return read;
            }),
            "PRIVATE KEY" => Pkcs8(der),
            "DSA PRIVATE KEY" => throw new FormatException(SshPrivateKey.OtherType),
            _ => throw new FormatException("must be a private key, and this is something else"),
        };
    }

    private static SshPublicKey Pkcs8(byte[] der)
    {
        if (der.AsSpan()[..Math.Min(der.Length, 16)].IndexOf(Ed25519Oid) >= 0)
            throw new FormatException("is an Ed25519 key in PKCS #8, which many versions of sshd do not read: make " +
                "one with ssh-keygen -t ed25519");
        int Import(AsymmetricAlgorithm key)
        {
            key.ImportPkcs8PrivateKey(der, out var read);
            return read;
        }
        try
        {
            return Rsa(der, Import);
        }
        catch (CryptographicException)
        {
            return Ecdsa(der, Import);
        }
    }

    private static SshPublicKey Rsa(byte[] der, Func<RSA, int> import)
    {
        using var key = RSA.Create();
        CheckEnd(import(key), der);
        var numbers = key.ExportParameters(includePrivateParameters: true);
        SshPrivateKey.CheckRsa(numbers.Modulus, numbers.Exponent, numbers.D, numbers.InverseQ, numbers.P, numbers.Q);
        return Checked("ssh-rsa", new SshWriter().Text("ssh-rsa").Magnitude(numbers.Exponent).Magnitude(numbers.Modulus));
    }

    private static SshPublicKey Ecdsa(byte[] der, Func<ECDsa, int> import)
    {
        using var key = ECDsa.Create();
        try
        {
            CheckEnd(import(key), der);
        }
        catch (PlatformNotSupportedException)
        {
            throw new FormatException(OtherCurve);
        }
        var numbers = key.ExportParameters(includePrivateParameters: true);
        var curve = numbers.Curve.Oid?.Value switch
        {
            "1.2.840.10045.3.1.7" => "nistp256",
            "1.3.132.0.34" => "nistp384",
            "1.3.132.0.35" => "nistp521",
            _ => throw new FormatException(OtherCurve),
        };
        // What stands in the file as its public half must follow from the private one.
        using var own = ECDsa.Create(new ECParameters { Curve = numbers.Curve, D = numbers.D });
        var point = own.ExportParameters(includePrivateParameters: false).Q;
        if (!point.X.AsSpan().SequenceEqual(numbers.Q.X) || !point.Y.AsSpan().SequenceEqual(numbers.Q.Y))
            throw new FormatException("is damaged");
        return Checked($"ecdsa-sha2-{curve}", new SshWriter().Text($"ecdsa-sha2-{curve}").Text(curve)
            .Bytes([4, .. point.X!, .. point.Y!]));
    }

    private static void CheckEnd(int read, byte[] der)
    {
        if (read != der.Length) throw new FormatException("has bytes behind its end");
    }

    private static SshPublicKey Checked(string type, SshWriter blob) =>
        SshPublicKey.TryParse(type, Convert.ToBase64String(blob.ToArray()), out var key, out var fault) ? key
            : throw new FormatException(fault);
}
