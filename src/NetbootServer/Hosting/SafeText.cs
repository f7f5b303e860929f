using System.Globalization;
using System.Text;

namespace NetbootServer.Hosting;

/// <summary>
/// Text from outside on its way to a log or a terminal. What would move the cursor, end the line or turn the direction
/// of writing around (U+202E and its like) could make a line lie about what it says: it is shown as <c>\u202e</c>.
/// </summary>
public static class SafeText
{
    /// <summary>The text in one line.</summary>
    public static string Line(string text) => Escape(text, lines: false);

    /// <summary>The text with its own line ends and tabs.</summary>
    public static string Lines(string text) => Escape(text, lines: true);

    /// <summary>
    /// Whether a character must not reach a terminal: controls, format characters (Unicode's Cf: direction, zero width,
    /// tags) and the separators of lines and paragraphs.
    /// </summary>
    public static bool IsUnfit(Rune rune) => !(rune.IsAscii ? rune.Value is >= ' ' and <= '~'
        : Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));

    private static string Escape(string text, bool lines)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var at = 0; at < text.Length;)
        {
            var whole = Rune.TryGetRuneAt(text, at, out var rune);
            var length = whole ? rune.Utf16SequenceLength : 1;
            if (whole && (!IsUnfit(rune) || (lines && rune.Value is '\n' or '\r' or '\t')))
                shown.Append(text, at, length);
            else
                foreach (var c in text.AsSpan(at, length))
                    shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            at += length;
        }
        return shown.ToString();
    }
}
