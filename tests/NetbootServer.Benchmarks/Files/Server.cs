using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetbootServer.Benchmarks.Files;

/// <summary>A server under test: a process with its children, on a port of its own.</summary>
internal abstract partial class Server(string name) : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly double SecondsPerTick = 0.01; // USER_HZ is 100 on every architecture Linux runs .NET on

    private Process? _process;

    public string Name => name;
    public int Port { get; } = FreePort();

    /// <summary>The path under which it serves the file.</summary>
    public abstract string PathOf(TestFile file);

    /// <summary>The path of the same bytes as a list of pieces, where it knows such.</summary>
    public virtual string PathOfPieces(TestFile file) => PathOf(file);

    protected abstract ProcessStartInfo Command();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async Task StartAsync(CancellationToken ct)
    {
        var command = Command();
        // Reading what it writes would cost the processor that is measured.
        string[] quiet = ["-c", "exec \"$0\" \"$@\" > /dev/null", command.FileName, .. command.ArgumentList];
        command.FileName = "sh";
        command.ArgumentList.Clear();
        foreach (var argument in quiet) command.ArgumentList.Add(argument);
        _process = Process.Start(command)!;
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, Port, ct);
                return;
            }
            catch (SocketException) when (tries < 300 && !_process.HasExited)
            {
                await Task.Delay(100, ct);
            }
        }
    }

    /// <summary>CPU seconds of the process and its children so far.</summary>
    public double CpuSeconds => Processes().Sum(stat => (stat.User + stat.System) * SecondsPerTick);

    /// <summary>CPU seconds of the threads that compile while the server runs; nginx has none.</summary>
    public double CompilingSeconds => Directory.GetDirectories($"/proc/{_process!.Id}/task").Sum(task =>
    {
        try
        {
            if (!File.ReadAllText($"{task}/comm").StartsWith(".NET Tiered", StringComparison.Ordinal)) return 0;
            var fields = FieldsOf(File.ReadAllText($"{task}/stat"));
            return (Number(fields[11]) + Number(fields[12])) * SecondsPerTick;
        }
        catch (IOException)
        {
            return 0; // it has just ended
        }
    });

    /// <summary>Waits until it has nothing more to do, two seconds at most.</summary>
    public async Task RestAsync(CancellationToken ct)
    {
        var cpu = -1.0;
        for (var looks = 0; looks < 20 && CpuSeconds > cpu; looks++)
        {
            cpu = CpuSeconds;
            await Task.Delay(100, ct);
        }
    }

    /// <summary>Resident memory that is not a file's, and threads, of the process and its children.</summary>
    public (long AnonymousBytes, int Threads) Memory
    {
        get
        {
            var status = Processes().Select(stat => File.ReadAllLines($"/proc/{stat.Pid}/status")).ToList();
            return (status.Sum(lines => Value(lines, "RssAnon:")) * 1024,
                (int)status.Sum(lines => Value(lines, "Threads:")));
        }
    }

    /// <summary>Open file descriptors of the process and its children.</summary>
    public int Descriptors => Processes().Sum(stat => Directory.GetFiles($"/proc/{stat.Pid}/fd").Length);

    private static long Value(string[] lines, string key) => long.Parse(
        lines.First(line => line.StartsWith(key, StringComparison.Ordinal)).Split([' ', '\t'],
            StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private List<(int Pid, long User, long System)> Processes()
    {
        var found = new List<(int, long, long)>();
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid)) continue;
            try
            {
                var stat = File.ReadAllText($"{folder}/stat");
                var fields = FieldsOf(stat);
                if (pid != _process!.Id && Number(fields[1]) != _process.Id) continue;
                found.Add((pid, Number(fields[11]), Number(fields[12])));
            }
            catch (IOException)
            {
                // it has just ended
            }
        }
        return found;
    }

    /// <summary>The fields of a stat file behind the command, which may have anything in it.</summary>
    private static string[] FieldsOf(string stat) => stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _ = kill(_process.Id, Terminate);
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
