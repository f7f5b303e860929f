using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace NetbootServer.Boots.Secrets;

/// <summary>What the key of a boot's overlay says.</summary>
/// <param name="Address">The address that asked for the script.</param>
/// <param name="Profile">Stands for the profile that the boot got.</param>
/// <param name="WithSecrets">Whether that script was to release secrets.</param>
internal sealed record OverlayGrant(IPAddress Address, ulong Profile, bool WithSecrets);

/// <summary>
/// Makes and opens the keys that stand in scripts beside the boot's token: base64url of 41 bytes, 55 characters: flags
/// (1), address (16), the profile's hash (8), HMAC-SHA-256 over these and the token cut to 16. A key opens one boot's
/// overlay, and is verified without a look-up.
/// </summary>
/// <param name="key">The signing key, 32 bytes, the same on every replica.</param>
internal sealed class OverlayKeys(byte[] key)
{
    /// <summary>Characters of a key.</summary>
    public const int Length = (Bytes * 8 + 5) / 6;

    private const int AddressAt = 1, ProfileAt = AddressAt + 16, SignedBytes = ProfileAt + 8, Bytes = SignedBytes + 16;
    private const byte SecretsFlag = 1;
    private readonly byte[] _key = HMACSHA256.HashData(key, "keys of overlays"u8);

    /// <summary>The key for a boot.</summary>
    /// <param name="token">The boot's token.</param>
    /// <param name="address">The address that asks; null when it has none.</param>
    /// <param name="profile">Name of the profile that the boot gets.</param>
    /// <param name="withSecrets">Whether secrets are released to it.</param>
    public string Make(string token, IPAddress? address, string profile, bool withSecrets)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes[0] = withSecrets ? SecretsFlag : (byte)0;
        Wide(address).TryWriteBytes(bytes[AddressAt..], out _);
        BitConverter.TryWriteBytes(bytes[ProfileAt..], HashOf(profile));
        Sign(bytes, token);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>What a key says; null when it is none of this boot.</summary>
    public OverlayGrant? Open(string? text, string token)
    {
        Span<byte> bytes = stackalloc byte[Bytes], given = stackalloc byte[Bytes];
        if (text is not { Length: Length } || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, given, out var written) || written != Bytes) return null;
        given.CopyTo(bytes);
        Sign(bytes, token);
        return !CryptographicOperations.FixedTimeEquals(bytes, given) ? null
            : new(new IPAddress(given[AddressAt..ProfileAt]), BitConverter.ToUInt64(given[ProfileAt..]),
                given[0] == SecretsFlag);
    }

    /// <summary>Stands for a profile's name in a key.</summary>
    public static ulong HashOf(string profile) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(profile)));

    /// <summary>An address as keys hold it.</summary>
    public static IPAddress Wide(IPAddress? address) => address is null ? IPAddress.IPv6None
        : address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6()
        : new(address.GetAddressBytes()); // without its scope

    private void Sign(Span<byte> bytes, string token)
    {
        Span<byte> mac = stackalloc byte[32];
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hash.AppendData(bytes[..SignedBytes]);
        hash.AppendData(Encoding.UTF8.GetBytes(token));
        hash.GetHashAndReset(mac);
        mac[..16].CopyTo(bytes[SignedBytes..]);
    }
}
