using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace NetbootServer.Boots;

/// <summary>What a boot's token says once its signature is verified.</summary>
/// <param name="Boot">The boot's public id: 32 hexadecimal digits.</param>
/// <param name="Machine">Row key of the machine; 0 when it had no record yet.</param>
/// <param name="Version">First 16 hexadecimal digits of the image version's id.</param>
/// <param name="StartedAt">When the script was handed out.</param>
/// <param name="TookNextBoot">Whether the boot uses up the machine's one-shot.</param>
public sealed record BootTicket(string Boot, long Machine, string Version, DateTimeOffset StartedAt, bool TookNextBoot);

/// <summary>
/// Makes and verifies the tokens that stand for a boot in machine URLs. A token is base64url of 51 bytes, 68
/// characters: kind (1), boot id (16: 6 of milliseconds since 1970, 10 random), machine (8), version (8), flags (2),
/// HMAC-SHA-256 cut to 16. It is verified without a look-up, so any replica answers it, also after a restart.
/// </summary>
/// <param name="key">The signing key, 32 bytes, the same on every replica.</param>
/// <param name="time">The clock.</param>
public sealed class BootTokens(byte[] key, TimeProvider time)
{
    /// <summary>How long a boot may report.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>How long a menu entry may be chosen.</summary>
    public static readonly TimeSpan MenuLife = TimeSpan.FromHours(1);

    /// <summary>Characters of a token.</summary>
    public const int Length = (Bytes * 8 + 5) / 6;

    private const int SignedBytes = 35, Bytes = SignedBytes + 16;
    private const byte BootKind = 1, MenuKind = 2;

    /// <summary>A new boot's token and what it says.</summary>
    /// <param name="machine">Row key of the machine, 0 for none.</param>
    /// <param name="version">The image version's id.</param>
    /// <param name="tookNextBoot">Whether the boot uses up the machine's one-shot.</param>
    public (string Token, BootTicket Ticket) Mint(long machine, string version, bool tookNextBoot)
    {
        ArgumentNullException.ThrowIfNull(version);
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[0] = BootKind;
        var now = WriteId(bytes[1..17]);
        BinaryPrimitives.WriteInt64BigEndian(bytes[17..], machine);
        Convert.FromHexString(version.AsSpan(0, 16), bytes[25..33], out _, out _);
        bytes[34] = tookNextBoot ? (byte)1 : (byte)0;
        return (Sign(bytes), new(Convert.ToHexStringLower(bytes[1..17]), machine, version[..16], now, tookNextBoot));
    }

    /// <summary>What a token says, or null when it is not ours, altered, or older than <see cref="Life"/>.</summary>
    public BootTicket? Verify(string token)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (!Open(token, BootKind, bytes) || Age(bytes) > Life) return null;
        return new(Convert.ToHexStringLower(bytes[1..17]), BinaryPrimitives.ReadInt64BigEndian(bytes[17..]),
            Convert.ToHexStringLower(bytes[25..33]), StartedAt(bytes), bytes[34] == 1);
    }

    /// <summary>A token that lets its holder choose one profile from a menu that this server made.</summary>
    public string MintMenuChoice(long machine, string profile)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[0] = MenuKind;
        WriteId(bytes[1..17]);
        BinaryPrimitives.WriteInt64BigEndian(bytes[17..], machine);
        ProfileHash(profile, bytes[25..33]);
        return Sign(bytes);
    }

    /// <summary>Whether a menu token allows this machine this profile.</summary>
    public bool AllowsMenuChoice(string token, long machine, string profile)
    {
        Span<byte> bytes = stackalloc byte[Bytes], hash = stackalloc byte[8];
        ProfileHash(profile, hash);
        return Open(token, MenuKind, bytes) && Age(bytes) <= MenuLife && hash.SequenceEqual(bytes[25..33])
            && BinaryPrimitives.ReadInt64BigEndian(bytes[17..]) == machine;
    }

    private DateTimeOffset WriteId(Span<byte> id)
    {
        var milliseconds = time.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(id, milliseconds << 16);
        RandomNumberGenerator.Fill(id[6..]);
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }

    private string Sign(Span<byte> bytes)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, bytes[..SignedBytes], mac);
        mac[..16].CopyTo(bytes[SignedBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    private bool Open(string token, byte kind, Span<byte> bytes)
    {
        if (token is not { Length: Length } || !Base64Url.IsValid(token)
            || !Base64Url.TryDecodeFromChars(token, bytes, out var written) || written != Bytes) return false;
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, bytes[..SignedBytes], mac);
        return CryptographicOperations.FixedTimeEquals(mac[..16], bytes[SignedBytes..]) && bytes[0] == kind;
    }

    private TimeSpan Age(ReadOnlySpan<byte> bytes) => time.GetUtcNow() - StartedAt(bytes);

    private static DateTimeOffset StartedAt(ReadOnlySpan<byte> bytes) =>
        DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes[1..]) >>> 16);

    private static void ProfileHash(string profile, Span<byte> hash) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(profile)).AsSpan(0, 8).CopyTo(hash);
}
