using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>The machine that is measured on.</summary>
internal static class Machine
{
    /// <summary>Processor, memory, kernel and congestion control in a line.</summary>
    public static string Describe()
    {
        var model = Value("/proc/cpuinfo", "model name") ?? "processor";
        var memory = long.Parse(Value("/proc/meminfo", "MemTotal")!.Split(' ')[0], CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{model}, {Environment.ProcessorCount} cores, " +
            $"{memory / 1048576.0:0} GiB, Linux {Line("/proc/sys/kernel/osrelease")}, " +
            $"{Line("/proc/sys/net/ipv4/tcp_congestion_control")}, .NET {Environment.Version}");
    }

    private static string Line(string file) => File.ReadAllText(file).Trim();

    private static string? Value(string file, string key) => File.ReadLines(file)
        .FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
