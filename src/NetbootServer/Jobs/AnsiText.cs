using System.Text.RegularExpressions;

namespace NetbootServer.Jobs;

/// <summary>Text with ANSI colours, as terminals take it.</summary>
internal static partial class AnsiText
{
    /// <summary>The text alone, without colours and control characters.</summary>
    public static string Plain(string text) =>
        string.Concat(Escapes().Replace(text, "").Select(c => c == '\t' || !char.IsControl(c) ? c : ' '));

    [GeneratedRegex(@"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")]
    private static partial Regex Escapes();
}
