using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace NetbootServer.Overlays.Ssh;

/// <summary>
/// A public key as OpenSSH writes it: its type and base64 of the type and its numbers (RFC 4253 §6.6).
/// </summary>
/// <param name="Type">Such as <c>ssh-ed25519</c>.</param>
/// <param name="Blob">The key in the wire form.</param>
internal sealed record SshPublicKey(string Type, byte[] Blob)
{
    private const int MinRsaBits = 1024, MaxLength = 16 * 1024;

    /// <summary>Types of keys (OpenSSH sshkey.c), and the end that certificates add to them.</summary>
    private static readonly string[] Types =
    [
        "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ];

    /// <summary>The types, for messages.</summary>
    public static string Known => string.Join(", ", Types);

    /// <summary>Whether a word is a type of key.</summary>
    public static bool IsType(string word) => Types.Contains(word);

    /// <summary>As in a <c>.pub</c> file, without a comment.</summary>
    public override string ToString() => $"{Type} {Convert.ToBase64String(Blob)}";

    /// <summary>As <c>ssh-keygen -l</c> shows it.</summary>
    public string Fingerprint => $"SHA256:{Convert.ToBase64String(SHA256.HashData(Blob)).TrimEnd('=')}";

    /// <summary>Reads a type and its base64.</summary>
    /// <param name="type">The type's word.</param>
    /// <param name="base64">The key.</param>
    /// <param name="key">The key, when it is one.</param>
    /// <param name="fault">What is wrong with it otherwise.</param>
    public static bool TryParse(string type, string base64, [NotNullWhen(true)] out SshPublicKey? key,
        [NotNullWhen(false)] out string? fault)
    {
        (key, fault) = (null, null);
        var bytes = new byte[Math.Min(base64.Length, MaxLength)];
        if (base64.Length > MaxLength || !Convert.TryFromBase64String(base64, bytes, out var length))
        {
            fault = "is no base64";
            return false;
        }
        try
        {
            fault = FaultIn(type, bytes.AsSpan(0, length));
        }
        catch (FormatException e)
        {
            fault = e.Message;
        }
        if (fault is not null) return false;
        key = new(type, bytes[..length]);
        return true;
    }

    private static string? FaultIn(string type, ReadOnlySpan<byte> blob)
    {
        var reader = new SshReader(blob);
        if (reader.Text() is var inner && inner != type) return "is of another type than the word before it";
        switch (type)
        {
            case "ssh-ed25519" or "sk-ssh-ed25519@openssh.com":
                if (reader.Bytes().Length != 32) return "must have 32 bytes";
                break;
            case "ssh-rsa":
                if (reader.Magnitude().IsEmpty) return "has no exponent";
                var modulus = reader.Magnitude();
                if (modulus.Length * 8 < MinRsaBits) return $"has fewer than {MinRsaBits} bits";
                break;
            default:
                var curve = reader.Text();
                if (!type.Contains($"-{curve}", StringComparison.Ordinal)) return "names another curve";
                var size = curve switch { "nistp256" => 32, "nistp384" => 48, _ => 66 };
                if (reader.Bytes() is not [4, ..] point || point.Length != 1 + 2 * size)
                    return "has no point of its curve";
                break;
        }
        if (type.StartsWith("sk-", StringComparison.Ordinal)) reader.Bytes(); // the application
        return reader.IsAtEnd ? null : "has bytes behind its end";
    }
}
