using System.Globalization;
using System.Text;

namespace NetbootServer.Images.Sources;

/// <summary>Shows what a source sent: at most 64 bytes of it, with everything escaped that is not plain ASCII.</summary>
public static class SourceText
{
    /// <summary>How many bytes of a source may stand in a message.</summary>
    public const int MaxBytes = 64;

    /// <summary>The first bytes, such as <c>&lt;!DOCTYPE html&gt;\x0a…</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var one in bytes[..Math.Min(bytes.Length, MaxBytes)])
        {
            if (one is >= 0x20 and < 0x7f and not (byte)'\\') text.Append((char)one);
            else text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
        }
        return bytes.Length > MaxBytes ? text.Append('…').ToString() : text.ToString();
    }

    /// <summary>The first bytes of text, in UTF-8.</summary>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quote(Encoding.UTF8.GetBytes(text));
    }
}
