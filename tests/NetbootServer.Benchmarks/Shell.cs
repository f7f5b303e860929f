using System.Diagnostics;

namespace NetbootServer.Benchmarks;

/// <summary>Runs lines of bash: what the product is measured beside, and what prepares it.</summary>
internal static class Shell
{
    /// <summary>Runs a line; a pipe fails with any part of it.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static async Task<string> RunAsync(string command, CancellationToken ct)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("bash", ["-o", "pipefail", "-c", command]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync(ct);
        await shell.WaitForExitAsync(ct);
        return shell.ExitCode == 0 ? output
            : throw new InvalidOperationException($"'{command}' ended with {shell.ExitCode}.");
    }
}
