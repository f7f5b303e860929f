using System.Globalization;

namespace NetbootServer.Benchmarks.Files;

/// <summary>Prints what each server reached, and its ratio to nginx with the spread.</summary>
internal static class Table
{
    public static void Head(int rounds, TimeSpan window, IReadOnlyList<string> ways)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            ### Files, beside nginx

            {Machine.Describe()}. Loopback, the
            client on the same cores; the files are in the page cache. nginx has sendfile, tcp_nopush, multi_accept,
            open_file_cache and a worker per core; both log a line per request. Each number is the median of
            {rounds} rounds of {window.TotalSeconds:0.#} s in which all had their turn; × is the ratio to nginx in the
            same round (lowest–highest). CPU is the server's seconds per GB sent: less is better.

            """));
        Console.WriteLine("| body | connections | nginx | " +
            string.Join(" | ", ways.Select(way => $"{way}: throughput | CPU")) + " |");
        Console.WriteLine("|---|---|---|" + string.Concat(ways.Select(_ => "---|---|")));
    }

    public static void Row(string body, int connections, IReadOnlyList<Result>[] results)
    {
        var nginx = results[0];
        var cells = results.Skip(1).Select(way =>
            Show(way, result => result.BytesPerSecond / 1e9, "GB/s") + " " +
            Ratio(way, result => result.BytesPerSecond) + " | " +
            Show(way, result => result.CpuPerByte * 1e9, "s") + " " + Ratio(way, result => result.CpuPerByte));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {body} | {connections:N0} | " +
            $"{Show(nginx, result => result.BytesPerSecond / 1e9, "GB/s")}, " +
            $"{Show(nginx, result => result.CpuPerByte * 1e9, "s")} | {string.Join(" | ", cells)} |"));

        string Ratio(IReadOnlyList<Result> way, Func<Result, double> value)
        {
            var ratios = Ratios.Of(way, nginx, value);
            return string.Create(CultureInfo.InvariantCulture,
                $"×**{ratios.Middle:0.00}** ({ratios.Lowest:0.00}–{ratios.Highest:0.00})");
        }
    }

    private static string Show(IReadOnlyList<Result> way, Func<Result, double> value, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{way.Select(value).Median():0.00} {unit}");
}

/// <summary>What a server reached in one turn.</summary>
internal sealed record Result(double BytesPerSecond, double CpuPerByte);
