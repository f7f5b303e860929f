using System.Globalization;
using System.Text.RegularExpressions;

namespace NetbootServer.Images.Isos;

/// <summary>A line of what <c>bsdtar -tvf --numeric-owner</c> lists.</summary>
/// <param name="Kind"><c>-</c> a file, <c>d</c> a folder, <c>l</c> a symbolic link, <c>h</c> a hard link.</param>
/// <param name="Path">Its path, without a slash at the end.</param>
/// <param name="Length">Its length in bytes; 0 of links.</param>
/// <param name="Target">Where a link leads: of a symbolic one as it is written, of a hard one from the top.</param>
internal sealed partial record IsoEntry(char Kind, string Path, long Length, string? Target)
{
    /// <summary>
    /// Whether its name is one that can be asked for: bsdtar shows what is no printable character by a backslash.
    /// </summary>
    public bool IsPlain => !Path.Contains('\\', StringComparison.Ordinal);

    /// <summary>Whether its name leads out of the ISO.</summary>
    public bool LeadsOut => Path.StartsWith('/') || Path.Split('/').Contains("..");

    /// <summary>Reads a line; null when it is none, such as that of a device.</summary>
    public static IsoEntry? Parse(string line)
    {
        if (Line().Match(line) is not { Success: true } match
            || !long.TryParse(match.Groups["length"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture,
                out var length)) return null;
        var (kind, name) = (match.Groups["kind"].Value[0], match.Groups["name"].Value);
        var between = kind switch { 'l' => " -> ", 'h' => " link to ", _ => null };
        if (kind == '-' && name.Contains(" link to ", StringComparison.Ordinal) && length == 0)
            (kind, between) = ('h', " link to "); // a name of bytes that another name has, too
        var at = between is null ? -1 : name.IndexOf(between, StringComparison.Ordinal);
        return at < 0 ? new(kind, name.TrimEnd('/'), length, null)
            : new(kind, name[..at].TrimEnd('/'), length, name[(at + between!.Length)..]);
    }

    // -r--r--r--  0 0      0     3000000 Dec  1 02:00 casper/vmlinuz
    [GeneratedRegex(@"\A(?<kind>[-dlhbcps])\S+ +\d+ +\d+ +\d+ +(?<length>\d+) +\S+ +\d+ +[\d:]+ (?<name>.+)\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex Line();
}
