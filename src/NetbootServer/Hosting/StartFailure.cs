using System.Text.RegularExpressions;

namespace NetbootServer.Hosting;

/// <summary>
/// The server cannot start because of a setting or its surroundings. Reported to the user as one line without a stack
/// trace; the exit code is 1.
/// </summary>
/// <param name="setting">The setting's key as documented, such as <c>DataDirectory</c>.</param>
/// <param name="value">Its value, as far as it may be shown; passwords in URLs are left out.</param>
/// <param name="advice">What is wrong with it and what to do.</param>
public sealed partial class StartFailure(string setting, string? value, string advice)
    : Exception(SafeText.Line(UrlPassword().Replace($"Cannot start: {setting}={value} — {advice}", "$1(hidden)@")))
{
    /// <summary>Stands for a value that may be a secret.</summary>
    internal const string Hidden = "(hidden)";

    /// <summary>The setting at fault.</summary>
    public string Setting { get; } = setting;

    [GeneratedRegex(@"(://[^/\s@]*?:)\S*@")]
    private static partial Regex UrlPassword();
}
