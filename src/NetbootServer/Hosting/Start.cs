using Serilog.Events;

namespace NetbootServer.Hosting;

/// <summary>Runs the server; a start that cannot succeed ends in one line and exit code 1.</summary>
internal static class Start
{
    /// <summary>Builds and runs the server.</summary>
    /// <param name="run">Builds it, starts it and waits for its end.</param>
    public static async Task<int> RunAsync(Func<Task> run)
    {
        try
        {
            await run();
            return 0;
        }
        catch (StartFailure failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
        catch (CommandFailure failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
    }

    /// <summary>Whether a log event is the host's own account, stack trace and all, of a start that failed.</summary>
    public static bool TellsItself(LogEvent line) => line.Exception is not null
        && line.MessageTemplate.Text is "Unable to start Kestrel." or "Hosting failed to start";
}
