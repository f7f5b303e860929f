using System.Globalization;
using System.Text;

namespace NetbootServer.Downloads;

/// <summary>
/// Shows what a source sent: at most 64 bytes of it, with everything escaped that is not plain ASCII.
/// </summary>
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

    /// <summary>A number of bytes for a person, such as <c>412 MB</c>.</summary>
    public static string Bytes(long count) => count switch
    {
        >= 10_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0} GB"),
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.0} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:0} kB"),
        _ => $"{count} bytes",
    };

    /// <summary>The first bytes of text, in UTF-8.</summary>
    public static string Quote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quote(Encoding.UTF8.GetBytes(text));
    }
}
