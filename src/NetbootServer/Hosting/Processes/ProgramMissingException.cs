namespace NetbootServer.Hosting.Processes;

/// <summary>A program cannot be started: it is not there, or not to be run by this server's user.</summary>
/// <param name="command">The program.</param>
/// <param name="cause">What the system says.</param>
internal sealed class ProgramMissingException(string command, Exception cause)
    : Exception($"{command} cannot be started: {cause.Message.TrimEnd('.')}.", cause)
{
    /// <summary>The program.</summary>
    public string Command { get; } = command;
}
