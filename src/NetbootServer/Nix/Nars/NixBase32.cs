using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// Nix's own base 32: digits and letters without e, o, t, u; the least significant bits stand last
/// (Nix manual, "Nix32"; <c>src/libutil/base-nix-32.cc</c>).
/// </summary>
public static class NixBase32
{
    private const string Alphabet = "0123456789abcdfghijklmnpqrsvwxyz";
    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>Characters that <paramref name="byteCount"/> bytes take.</summary>
    public static int LengthOf(int byteCount) => (byteCount * 8 + 4) / 5;

    /// <summary>Whether every character of <paramref name="text"/> is one of the alphabet.</summary>
    public static bool IsText(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Digits);

    /// <summary>Writes <paramref name="bytes"/> as text.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[LengthOf(bytes.Length)];
        for (var i = 0; i < text.Length; i++)
        {
            var (at, shift) = Math.DivRem(i * 5, 8);
            var high = at + 1 < bytes.Length ? bytes[at + 1] : 0;
            text[^(i + 1)] = Alphabet[((bytes[at] | (high << 8)) >> shift) & 31];
        }
        return new string(text);
    }

    /// <summary>
    /// Reads text of exactly the length that <paramref name="bytes"/> takes; false for other characters, another
    /// length, or bits beyond the last byte.
    /// </summary>
    public static bool TryDecode([NotNullWhen(true)] string? text, Span<byte> bytes)
    {
        if (text is null || text.Length != LengthOf(bytes.Length)) return false;
        bytes.Clear();
        for (var i = 0; i < text.Length; i++)
        {
            var digit = Alphabet.IndexOf(text[^(i + 1)], StringComparison.Ordinal);
            if (digit < 0) return false;
            var (at, shift) = Math.DivRem(i * 5, 8);
            var spread = digit << shift;
            bytes[at] |= (byte)spread;
            if (at + 1 < bytes.Length) bytes[at + 1] |= (byte)(spread >> 8);
            else if (spread >> 8 != 0) return false;
        }
        return true;
    }
}
