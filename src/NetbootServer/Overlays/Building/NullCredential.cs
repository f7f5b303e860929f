using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NetbootServer.Overlays.Building;

/// <summary>
/// A credential encrypted with systemd's "null" key, which is no protection: systemd takes credentials from the initrd
/// only in this form (systemd src/shared/creds-util.c; <c>systemd-creds decrypt</c> reads it).
/// </summary>
internal static class NullCredential
{
    private const int KeyBytes = 32, BlockBytes = 1, NonceBytes = 12, TagBytes = 16;
    private static readonly byte[] NullKeyId = Convert.FromHexString("058469daf6f54324800549da0f8ea2fb");

    /// <summary>Names that PID 1 and generators read as they are; services expect base64.</summary>
    private static readonly string[] ReadByPid1 = ["system.", "systemd.", "fstab."];

    /// <summary>The file <c>/.extra/credentials/NAME.cred</c>; the same content gives the same bytes.</summary>
    public static byte[] Of(string name, byte[] content)
    {
        var nonce = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), 0, .. content])[..NonceBytes];
        var header = Padded(
        [
            .. NullKeyId, .. Number(KeyBytes), .. Number(BlockBytes), .. Number(NonceBytes), .. Number(TagBytes),
            .. nonce,
        ]);
        var label = Encoding.UTF8.GetBytes(name);
        byte[] plain =
        [
            .. Padded([.. new byte[8], .. Enumerable.Repeat((byte)0xFF, 8), .. Number(label.Length), .. label]),
            .. content,
        ];
        var (cipher, tag) = (new byte[plain.Length], new byte[TagBytes]);
        using var aes = new AesGcm(SHA256.HashData([]), TagBytes);
        aes.Encrypt(nonce, plain, cipher, tag, header);
        byte[] whole = [.. header, .. cipher, .. tag];
        return ReadByPid1.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) ? whole
            : Encoding.ASCII.GetBytes(Convert.ToBase64String(whole) + "\n");
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Padded(byte[] bytes) => [.. bytes, .. new byte[-bytes.Length & 7]];
}
