using System.Text;
using Serilog.Sinks.File;

namespace NetbootServer.Hosting.Logging;

/// <summary>
/// Keeps the log files within their number whenever a new one begins. A day that filled many files gives up its own
/// first: a flood of lines, whatever its source, must not rotate the history of earlier days away.
/// </summary>
/// <param name="keep">Files kept.</param>
internal sealed class LogRetention(int keep) : FileLifecycleHooks
{
    private const string Pattern = "server-????????*.log";
    private const int DayStart = 7, DayLength = 8; // server-20261130_001.log

    /// <inheritdoc/>
    public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
    {
        Tidy(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        return underlyingStream;
    }

    /// <summary>
    /// Deletes what is too many: from the day that has most files its second, as its first has how it began; when no
    /// day has several, from the oldest day.
    /// </summary>
    /// <param name="folder">The folder of logs.</param>
    /// <param name="open">The file being written; after a step back of the clock it need not be the newest.</param>
    internal void Tidy(string folder, string open)
    {
        try
        {
            var days = new DirectoryInfo(folder).EnumerateFiles(Pattern).Where(file => file.Name != open)
                .GroupBy(file => file.Name.Substring(DayStart, DayLength), StringComparer.Ordinal)
                .OrderBy(day => day.Key, StringComparer.Ordinal)
                .Select(day => day.OrderBy(file => file.Name.Length).ThenBy(file => file.Name, StringComparer.Ordinal)
                    .ToList())
                .ToList();
            for (var surplus = days.Sum(day => day.Count) + 1 - keep; surplus > 0; surplus--)
            {
                var fullest = days.MaxBy(day => day.Count)!;
                var (from, place) = fullest.Count > 1 ? (fullest, 1) : (days[0], 0);
                from[place].Delete();
                from.RemoveAt(place);
                days.RemoveAll(day => day.Count == 0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Logging goes on; the next file tries again.
        }
    }
}
