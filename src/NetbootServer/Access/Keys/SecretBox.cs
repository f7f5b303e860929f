using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>
/// Encrypts what is to be kept secret on the disk, and makes fingerprints by which a secret is recognized but not
/// guessed. Keys that are derived from it are the same for as long as the database and the master key are.
/// </summary>
/// <param name="protection">Encrypts by the key ring.</param>
public sealed class SecretBox(IDataProtectionProvider protection)
{
    private const string RootName = "secret-root";
    private const int RootBytes = 32, FingerprintBytes = 12;
    private readonly IDataProtector _protector = protection.CreateProtector("NetbootServer.Secrets.v1");
    private byte[]? _root;

    /// <summary>Encrypts.</summary>
    /// <returns>Text for the database.</returns>
    public string Seal(ReadOnlySpan<byte> plain) => Convert.ToBase64String(_protector.Protect(plain.ToArray()));

    /// <summary>Decrypts.</summary>
    /// <exception cref="CryptographicException">It was altered, or its key is not in the ring.</exception>
    public byte[] Open(string sealedText)
    {
        ArgumentNullException.ThrowIfNull(sealedText);
        return _protector.Unprotect(Convert.FromBase64String(sealedText));
    }

    /// <summary>
    /// A fingerprint: equal for equal secrets, and of no use for guessing one without this server's keys.
    /// </summary>
    public string Fingerprint(ReadOnlySpan<byte> plain) => Base64Url.EncodeToString(
        HMACSHA256.HashData(Derive("fingerprint", 32), plain).AsSpan(0, FingerprintBytes));

    /// <summary>A key for one purpose (HKDF, RFC 5869).</summary>
    /// <param name="purpose">What it is for; another purpose gives another key.</param>
    /// <param name="bytes">Its length in bytes.</param>
    public byte[] Derive(string purpose, int bytes) => HKDF.DeriveKey(HashAlgorithmName.SHA256,
        _root ?? throw new InvalidOperationException("The secret root is used before it was loaded."), bytes,
        info: System.Text.Encoding.UTF8.GetBytes(purpose));

    /// <summary>Loads the root of derived keys, or makes it at the first start.</summary>
    internal async Task LoadAsync(Database database, CancellationToken ct)
    {
        var stored = await database.FindAsync(RootName, ct);
        if (stored is null)
        {
            stored = Seal(RandomNumberGenerator.GetBytes(RootBytes));
            await database.SetAsync(RootName, stored, ct);
        }
        _root = Open(stored);
    }
}
