using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace NetbootServer.Boots.Journal;

/// <summary>
/// The script that a boot was given and why, without tokens. Equal ones have the same <see cref="Id"/> and are stored
/// once. The text is held compressed: thousands may wait in memory while the database is away.
/// </summary>
/// <param name="Id">The first 128 bits of the SHA-256 of reason and text: 32 hexadecimal digits.</param>
/// <param name="Reason">Why the machine got it, in a sentence without its period.</param>
/// <param name="Compressed">The text in UTF-8, as Brotli (RFC 7932).</param>
internal sealed record GivenScript(string Id, string Reason, byte[] Compressed)
{
    /// <summary>Bytes of a text that are kept; of longer ones only the beginning is.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Stands in the text for the boot's token and for those of choices at the machine.</summary>
    public const string Token = "TOKEN";

    private const int IdLength = 32, Quality = 4, Window = 16;

    /// <summary>A script as it is kept.</summary>
    /// <param name="reason">Why the machine got it.</param>
    /// <param name="text">The script, with <see cref="Token"/> in place of its tokens.</param>
    public static GivenScript Of(string reason, string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > MaxBytes) bytes = bytes[..(bytes[..MaxBytes].LastIndexOf((byte)'\n') + 1)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(reason));
        hash.AppendData([0]);
        hash.AppendData(bytes);
        var compressed = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        if (!BrotliEncoder.TryCompress(bytes, compressed, out var length, Quality, Window))
            throw new InvalidOperationException("A buffer of the greatest compressed length was too small.");
        return new(Convert.ToHexStringLower(hash.GetHashAndReset())[..IdLength], reason, compressed[..length]);
    }

    /// <summary>The text of a stored script.</summary>
    /// <exception cref="InvalidDataException"><paramref name="compressed"/> is not what was stored.</exception>
    public static string TextOf(byte[] compressed)
    {
        var bytes = new byte[MaxBytes];
        return BrotliDecoder.TryDecompress(compressed, bytes, out var length)
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : throw new InvalidDataException("A stored boot script cannot be decompressed.");
    }
}
