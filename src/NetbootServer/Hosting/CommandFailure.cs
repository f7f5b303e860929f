namespace NetbootServer.Hosting;

/// <summary>A command has done its work, and the answer is no: the exit code is 1.</summary>
/// <param name="message">The last line that the command prints.</param>
public sealed class CommandFailure(string message) : Exception(message);
