using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace NetbootServer.Api;

/// <summary>
/// The name of a machine, profile or image: <c>[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?</c> without <c>..</c>; safe in a
/// path, a URL, a script line and a log line.
/// </summary>
public readonly partial record struct ResourceName : IParsedValue<ResourceName>, IComparable<ResourceName>
{
    private readonly string? _text;

    private ResourceName(string text) => _text = text;

    /// <inheritdoc/>
    public static string Expected =>
        "1 to 63 of a-z, 0-9, '-' and '.', beginning and ending with a letter or digit, without '..', " +
        "and not 'import' or 'export'; for example rack3-node07";

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? text, out ResourceName value)
    {
        var good = text is not null and not "import" and not "export"
            && Pattern().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal);
        value = good ? new ResourceName(text!) : default;
        return good;
    }

    /// <summary>The name that <paramref name="text"/> is.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ResourceName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' must be {Expected}");

    /// <inheritdoc/>
    public int CompareTo(ResourceName other) => string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
