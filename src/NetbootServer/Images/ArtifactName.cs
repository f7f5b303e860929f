using System.Text.RegularExpressions;

namespace NetbootServer.Images;

/// <summary>
/// Names of initrds and further files in a recipe. They stand in URLs, scripts and SHA256SUMS as they are, so they have
/// no character that one of these would take for something else, and none is <c>..</c>.
/// </summary>
public static partial class ArtifactName
{
    private const int MaxLength = 64;

    /// <summary>What a name must be, for messages.</summary>
    public const string Expected =
        "1 to 64 letters, digits, '.', '_' and '-', of which the first is a letter or a digit";

    /// <summary>Whether a text is such a name.</summary>
    public static bool IsValid(string name) => Names().IsMatch(name);

    /// <summary>Such a name made of a file's own: what cannot stand in it becomes <c>-</c>.</summary>
    public static string From(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        var name = string.Concat(fileName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-'))
            .TrimStart('.', '_', '-');
        return name.Length == 0 ? "file" : name[..Math.Min(name.Length, MaxLength)];
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Names();
}
