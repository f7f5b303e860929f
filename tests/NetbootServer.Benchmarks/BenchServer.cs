using System.Diagnostics;
using System.Globalization;

namespace NetbootServer.Benchmarks;

/// <summary>The real server as a child process on a data directory, watched from outside through /proc.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux
    private readonly Process _process;

    private BenchServer(Process process, Uri url) => (_process, Url) = (process, url);

    public Uri Url { get; }

    /// <summary>CPU seconds spent so far, user and system.</summary>
    public double CpuSeconds
    {
        get
        {
            var fields = File.ReadAllText($"/proc/{_process.Id}/stat").Split(')')[1]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) +
                long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>Resident memory in MiB.</summary>
    public double ResidentMiB => Status("VmRSS") / 1024.0;

    /// <summary>Threads now.</summary>
    public long Threads => Status("Threads");

    public static async Task<BenchServer> StartAsync(string dataDirectory, CancellationToken ct,
        params string[] settings)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(typeof(NetbootServer.Hosting.ServerOptions).Assembly.Location);
        foreach (var setting in settings.Concat(["--Urls", "http://127.0.0.1:0", "--DataDirectory", dataDirectory]))
            start.ArgumentList.Add(setting);
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync(ct) is { } line)
        {
            if (!line.Contains("/boot.ipxe", StringComparison.Ordinal)) continue;
            var url = line.Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal));
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return new(process, new Uri(new Uri(url), "/"));
        }
        throw new InvalidOperationException("The server ended at its start.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private long Status(string name) => long.Parse(File.ReadLines($"/proc/{_process.Id}/status")
        .First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1]
        .Replace("kB", "", StringComparison.Ordinal).Trim(),
        CultureInfo.InvariantCulture);
}
