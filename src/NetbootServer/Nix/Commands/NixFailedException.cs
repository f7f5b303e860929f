namespace NetbootServer.Nix.Commands;

/// <summary>A command of Nix that ended with an error.</summary>
/// <param name="command">The command with its arguments.</param>
/// <param name="exitCode">Its exit code.</param>
/// <param name="tail">The last lines that it printed, as plain text.</param>
public sealed class NixFailedException(string command, int exitCode, IEnumerable<string> tail)
    : Exception($"{command} ended with code {exitCode}:\n{string.Join('\n', tail)}")
{
    /// <summary>Its exit code.</summary>
    public int ExitCode { get; } = exitCode;
}
