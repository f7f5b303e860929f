using System.Buffers.Text;
using System.Security.Cryptography;
using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Access.Keys;

/// <summary>
/// The key that wraps the key ring: 32 random bytes in a file of their own (<c>Access:MasterKeyFile</c>), so that a
/// copy of the database alone opens no secret. Wrapping is AES-256-GCM: 12 bytes of nonce, the ciphertext, 16 of tag.
/// </summary>
internal sealed class MasterKey
{
    private const int KeyBytes = 32, NonceBytes = 12, TagBytes = 16;
    private readonly byte[] _key;

    private MasterKey(byte[] key)
    {
        _key = key;
        Id = Convert.ToHexStringLower(HMACSHA256.HashData(key, "netboot-server master key"u8))[..16];
    }

    /// <summary>Tells keys apart and says nothing of the key: 16 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>A new key.</summary>
    public static MasterKey Make() => new(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>The key in a file; null when there is no such file.</summary>
    /// <exception cref="StartFailure">The file cannot be read, or holds no key.</exception>
    public static MasterKey? Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path).Trim();
            if (text.Length <= 64 && Base64.IsValid(text) && Convert.FromBase64String(text) is { Length: KeyBytes } key)
                return new(key);
            throw new StartFailure(Setting, path,
                "holds no master key, which is base64 of 32 bytes: put the right file back");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure(Setting, path,
                $"cannot be read ({e.Message.TrimEnd('.')}): make it readable for this user");
        }
    }

    /// <summary>The setting that names the file.</summary>
    public const string Setting = "Access:MasterKeyFile";

    /// <summary>Writes a new file that only its owner may read, through to the disk.</summary>
    /// <exception cref="StartFailure">It cannot be written, or is there already.</exception>
    public void Write(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(path, options))
            {
                using var text = new StreamWriter(file, leaveOpen: true);
                text.Write(Convert.ToBase64String(_key) + "\n");
                text.Flush();
                file.Flush(flushToDisk: true);
            }
            Durable.FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure(Setting, path, $"cannot be written ({e.Message.TrimEnd('.')}): make its folder " +
                "writable for this user, or name another file");
        }
    }

    /// <summary>Encrypts.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> plain)
    {
        var wrapped = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = wrapped.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(nonce, plain, wrapped.AsSpan(NonceBytes, plain.Length), wrapped.AsSpan(NonceBytes + plain.Length));
        return wrapped;
    }

    /// <summary>Decrypts what <see cref="Wrap"/> made.</summary>
    /// <exception cref="CryptographicException">Another key wrapped it, or it was altered.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < NonceBytes + TagBytes) throw new CryptographicException("The wrapped key is cut off.");
        var plain = new byte[wrapped.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        aes.Decrypt(wrapped[..NonceBytes], wrapped[NonceBytes..^TagBytes], wrapped[^TagBytes..], plain);
        return plain;
    }
}
