namespace NetbootServer.Sources.Urls;

/// <summary>
/// Orders the names of versions as people do: numbers in them by their value, and what comes before a release
/// (<c>1.0-rc1</c>, <c>1.0~beta</c>, <c>2.0.0-alpha.1</c>, <c>1.0b2</c>) before it. Upper and lower case are the same.
/// </summary>
internal sealed class VersionOrder : IComparer<string>
{
    private static readonly string[] Early =
    [
        "dev", "devel", "nightly", "snapshot", "alpha", "beta", "milestone", "test", "testing", "pre", "preview", "rc",
    ];

    /// <summary>The only one.</summary>
    public static VersionOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        var (left, right) = (Parts(x ?? ""), Parts(y ?? ""));
        for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
        {
            var order = CompareParts(left.ElementAtOrDefault(i), right.ElementAtOrDefault(i));
            if (order != 0) return order;
        }
        return string.CompareOrdinal(x, y);
    }

    /// <summary>Numbers and words; what stands between them only separates, except for Debian's '~'.</summary>
    private static List<string> Parts(string version)
    {
        var parts = new List<string>();
        for (var at = 0; at < version.Length;)
        {
            var from = at;
            if (char.IsAsciiDigit(version[at])) while (at < version.Length && char.IsAsciiDigit(version[at])) at++;
            else if (char.IsAsciiLetter(version[at]))
                while (at < version.Length && char.IsAsciiLetter(version[at])) at++;
            else at++;
            if (char.IsAsciiLetterOrDigit(version[from]) || version[from] == '~')
                parts.Add(Word(version[from..at], at < version.Length && char.IsAsciiDigit(version[at])));
        }
        return parts;
    }

    /// <summary>
    /// Letters right before a number are short for early words (<c>1.0b2</c>, <c>1.0-M3</c>); alone they come after the
    /// release (<c>1.0b</c>).
    /// </summary>
    private static string Word(string part, bool isNumbered) => part switch
    {
        "a" or "A" when isNumbered => "alpha",
        "b" or "B" when isNumbered => "beta",
        "m" or "M" when isNumbered => "milestone",
        _ => part,
    };

    private static int CompareParts(string? left, string? right)
    {
        var order = RankOf(left) - RankOf(right);
        if (order != 0 || left is null || right is null) return order;
        if (!char.IsAsciiDigit(left[0])) return string.Compare(left, right, StringComparison.OrdinalIgnoreCase);
        var (number, other) = (left.TrimStart('0'), right.TrimStart('0'));
        return number.Length != other.Length ? number.Length - other.Length : string.CompareOrdinal(number, other);
    }

    /// <summary>'~', then early words in their order, then the end, then other words, then numbers.</summary>
    private static int RankOf(string? part) => part switch
    {
        null => 0,
        "~" => -Early.Length - 1,
        _ when char.IsAsciiDigit(part[0]) => 2,
        _ => Array.IndexOf(Early, part.ToLowerInvariant()) is var early and >= 0 ? early - Early.Length : 1,
    };
}
