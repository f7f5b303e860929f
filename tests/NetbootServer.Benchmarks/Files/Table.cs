using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>Prints ratios to nginx, with their spread.</summary>
internal static class Table
{
    public static void Head()
    {
        var congestion = File.ReadAllText("/proc/sys/net/ipv4/tcp_congestion_control").Trim();
        Console.WriteLine($"\n{Environment.ProcessorCount} cores, loopback, {congestion}; " +
            "ratios to nginx: median (lowest–highest of the rounds)\n");
        Console.WriteLine("| case | way | throughput ×nginx | CPU per byte ×nginx | nginx |");
        Console.WriteLine("|---|---|---|---|---|");
    }

    // nginx: what it reached itself, in bytes per second and CPU seconds per byte.
    public static void Row(string name, string way, Ratios throughput, Ratios cpu, (double Speed, double Cpu) nginx) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {way} | {Show(throughput)} | {Show(cpu)} | " +
            $"{nginx.Speed / 1e9:0.00} GB/s, {nginx.Cpu * 1e9:0.00} s/GB |"));

    private static string Show(Ratios ratios) => string.Create(CultureInfo.InvariantCulture,
        $"{ratios.Middle:0.00} ({ratios.Lowest:0.00}–{ratios.Highest:0.00})");
}
