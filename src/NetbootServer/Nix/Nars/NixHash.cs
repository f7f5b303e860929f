using System.Diagnostics.CodeAnalysis;
using NetbootServer.Blobs;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// A SHA-256 as Nix writes it: <c>sha256:</c> and base 32 (also read: hexadecimal, base 64, <c>sha256-…=</c>).
/// </summary>
/// <param name="Digest">The same as blobs are named: a NAR is stored as the blob of its hash.</param>
public readonly record struct NixHash(Sha256Digest Digest)
{
    private const int Size = 32;

    /// <summary>Reads any of Nix's ways to write a SHA-256; false for other algorithms.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NixHash hash)
    {
        hash = default;
        if (text is null || text.Length < 7 || !text.StartsWith("sha256", StringComparison.Ordinal)) return false;
        var digits = text[7..];
        Span<byte> bytes = stackalloc byte[Size];
        var good = (text[6], digits.Length) switch
        {
            (':', 52) => NixBase32.TryDecode(digits, bytes),
            (':', 64) => TryHexadecimal(digits, bytes),
            (':' or '-', 44) => Convert.TryFromBase64String(digits, bytes, out var count) && count == Size,
            _ => false,
        };
        if (good) hash = new NixHash(Sha256Digest.FromBytes(bytes));
        return good;
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    public static bool TryParseHexadecimal([NotNullWhen(true)] string? text, out NixHash hash)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var good = text is { Length: 64 } && TryHexadecimal(text, bytes);
        hash = good ? new NixHash(Sha256Digest.FromBytes(bytes)) : default;
        return good;
    }

    private static bool TryHexadecimal(string digits, Span<byte> bytes) =>
        Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done;

    /// <summary><c>sha256:</c> and base 32, as a signature's fingerprint has it.</summary>
    public override string ToString() => $"sha256:{NixBase32.Encode(Convert.FromHexString(Digest.ToString()))}";
}
