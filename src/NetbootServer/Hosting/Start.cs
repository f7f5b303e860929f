using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using NetbootServer.Access.Listening;
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
    }

    /// <summary>Whether a log event is the host's own account, stack trace and all, of a start that failed.</summary>
    public static bool TellsItself(LogEvent line) => line.Exception is not null
        && line.MessageTemplate.Text is "Unable to start Kestrel." or "Hosting failed to start";

    /// <summary>Starts listening.</summary>
    /// <param name="app">The built server.</param>
    /// <param name="listeners">Where it listens.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="StartFailure">The addresses cannot be had.</exception>
    public static async Task ListenAsync(WebApplication app, Listeners listeners, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await EndWorkersAsync(app);
            var (setting, value) = listeners.SettingIn(e.Message);
            throw new StartFailure(setting, value,
                "the port is in use: stop the program that has it, or choose another, such as http://*:8081");
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException or SocketException)
        {
            await EndWorkersAsync(app);
            var (setting, value) = listeners.SettingIn(e.Message);
            throw new StartFailure(setting, value, $"cannot listen there ({e.Message.TrimEnd('.')}); for example Urls=http://*:8080");
        }
    }

    /// <summary>Ends the workers, which began before the listeners; a second is plenty, they have nothing to do yet.</summary>
    private static async Task EndWorkersAsync(WebApplication app)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // The process ends now in any case.
        }
    }
}
