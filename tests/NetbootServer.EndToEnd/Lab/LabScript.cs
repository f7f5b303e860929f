using System.Diagnostics;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>Runs one of the scripts in <c>tests/lab</c>.</summary>
public static class LabScript
{
    /// <summary>What the script printed. Downloads may take minutes on a slow line, hence the limit.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.LabScripts, script), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{script} did not finish in ten minutes.");
        }
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException($"{script} failed ({process.ExitCode}):\n{await errors}");
    }
}
