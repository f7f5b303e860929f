using System.Buffers;
using System.Text;

namespace NetbootServer.Boots.Scripts;

/// <summary>
/// The one encoder between data and an iPXE script. iPXE ends a line at LF, joins it to the next after a trailing
/// backslash, splits it at blanks, ends commands at the words <c>||</c>, <c>&amp;&amp;</c>, <c>;</c> and at words that
/// begin with <c>#</c>, takes leading words that begin with <c>-</c> for options and fails at unknown ones, and expands
/// <c>${…}</c> again and again (iPXE src/core/exec.c, getopt.c, settings.c, src/image/script.c). It knows no quoting,
/// so what would be read as syntax is replaced.
/// </summary>
public static class IpxeText
{
    private const int MaxShown = 256;

    /// <summary>Printable ASCII that no command ends at and nothing is expanded by.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Except("${}\\|&;#")]);

    /// <summary>Text to show on the console inside an <c>echo</c> line: printable ASCII without any syntax.</summary>
    public static string Show(string? text)
    {
        if (text is null || IsPlain(text)) return text ?? "";
        var shown = new StringBuilder();
        foreach (var c in text.Take(MaxShown))
            shown.Append(c is >= ' ' and <= '~' and not ('$' or '{' or '}' or '\\') ? c : '?');
        var words = shown.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words.Select((word, i) => IsSyntax(word, isFirst: i == 0) ? "?" : word));
    }

    /// <summary>Nothing in it looks like syntax: most texts, which need no second look at their words.</summary>
    private static bool IsPlain(string text) => text.Length is > 0 and <= MaxShown && text[0] != '-'
        && !text.AsSpan().ContainsAnyExcept(Plain) && text[0] != ' ' && text[^1] != ' '
        && !text.Contains("  ", StringComparison.Ordinal);

    private static bool IsSyntax(string word, bool isFirst) =>
        word is "||" or "&&" or ";" || word[0] == '#' || (isFirst && word[0] == '-');

    /// <summary>
    /// A value inside a URL's query or path: everything but RFC 3986's unreserved characters is encoded.
    /// </summary>
    public static string Url(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Uri.EscapeDataString(value);
    }
}
