using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace NetbootServer.TestKit;

/// <summary>
/// A process that a test owns: both outputs go into a <see cref="ConsoleLog"/>, and it ends with the test, by its own
/// handle.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task pumps;

    private ChildProcess(Process process, ConsoleLog output, ConsoleLog errors)
    {
        this.process = process;
        pumps = Task.WhenAll(output.PumpAsync(process.StandardOutput), errors.PumpAsync(process.StandardError))
            .ContinueWith(_ => { output.End(); errors.End(); }, TaskScheduler.Default);
    }

    public bool HasExited => process.HasExited;

    /// <summary>The most memory that it has had resident, in bytes (<c>VmHWM</c> of proc_pid_status(5)).</summary>
    public long PeakMemory => File.ReadLines($"/proc/{process.Id}/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024).Single();

    /// <summary>Only after the process has exited.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Characters for its standard input, e.g. a guest's keyboard.</summary>
    public StreamWriter Input => process.StandardInput;

    public static ChildProcess Start(ProcessStartInfo start, ConsoleLog output, ConsoleLog errors)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        try
        {
            return new ChildProcess(Process.Start(start)!, output, errors);
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"Cannot start {start.FileName}: {e.Message}", e);
        }
    }

    /// <summary>Waits until it has exited and all it said is in the log.</summary>
    public async Task WaitForExitAsync(TimeSpan limit, CancellationToken ct)
    {
        await process.WaitForExitAsync(ct).WaitAsync(limit, ct);
        await pumps.WaitAsync(limit, ct);
    }

    /// <summary>SIGKILL: no chance to clean up, like a power cut for one program.</summary>
    public async Task KillAsync()
    {
        // With what it has started: a script's QEMU must not outlive the script.
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        await pumps;
    }

    /// <summary>SIGTERM, then SIGKILL when it has not ended within the limit.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        const int sigterm = 15;
        if (!process.HasExited)
            _ = SendSignal(process.Id, sigterm);
        try
        {
            await process.WaitForExitAsync().WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            // Killed below.
        }
        await KillAsync();
    }

    /// <summary>SIGSTOP: it stays as it is, with its connections, and does nothing.</summary>
    public void Freeze() => Send(19);

    /// <summary>SIGCONT: it goes on.</summary>
    public void Thaw() => Send(18);

    private void Send(int signal) =>
        Assert.True(SendSignal(process.Id, signal) == 0, $"signal {signal} did not reach process {process.Id}");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int pid, int signal);
}
