using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace NetbootServer.Hosting.Processes;

/// <summary>Ends a process with all that it has started.</summary>
internal static partial class ProcessTree
{
    private const int Terminate = 15;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Asks the process to end, so that it can clear up; after three seconds kills it and everything that it had
    /// started. Returns when the process has ended.
    /// </summary>
    public static async Task EndAsync(Process process)
    {
        // Once it has ended, the processes it leaves behind have another parent and could not be found.
        var children = Descendants(process.Id);
        try
        {
            if (!OperatingSystem.IsWindows()) _ = kill(process.Id, Terminate);
            using var patience = new CancellationTokenSource(Grace);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        foreach (var (id, started) in children) Kill(id, started);
    }

    private static void Kill(int id, DateTime started)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            // The number may belong to another process by now.
            if (process.StartTime == started) process.Kill(entireProcessTree: true);
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended.
        }
    }

    /// <summary>
    /// All that a process has started, and that those have started; with when, since numbers come again.
    /// </summary>
    internal static List<(int Id, DateTime Started)> Descendants(int root)
    {
        var found = new List<(int, DateTime)>();
        if (!Directory.Exists("/proc")) return found;
        var parents = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Select(id => (Id: id, Parent: ParentOf(id))).ToLookup(process => process.Parent, process => process.Id);
        var next = new Queue<int>([root]);
        while (next.TryDequeue(out var parent))
        {
            foreach (var id in parents[parent])
            {
                next.Enqueue(id);
                if (StartOf(id) is { } started) found.Add((id, started));
            }
        }
        return found;
    }

    /// <summary>
    /// The fourth word of /proc/…/stat; the second, in parentheses, may have anything in it (proc(5)).
    /// </summary>
    private static int ParentOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(words[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static DateTime? StartOf(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.StartTime;
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null; // it has ended
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);
}
