namespace NetbootServer.Startup;

/// <summary>
/// The server cannot start because of a setting or its surroundings. Told to the user as one line without a stack
/// trace; the exit code is 1.
/// </summary>
/// <param name="setting">The setting's key as documented, such as <c>DataDirectory</c>.</param>
/// <param name="value">Its value, as far as it may be shown.</param>
/// <param name="advice">What is wrong with it and what to do.</param>
public sealed class StartFailure(string setting, string? value, string advice)
    : Exception($"Cannot start: {setting}={value} — {advice}")
{
    /// <summary>The setting at fault.</summary>
    public string Setting { get; } = setting;
}
