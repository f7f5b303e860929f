using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Hosting.Logging;

/// <summary>How log lines are written.</summary>
public enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line, as compact log events (CLEF).</summary>
    Json,
}

/// <summary>Settings of the log: <c>Log</c>.</summary>
public sealed record LogOptions
{
    /// <summary>How lines are written, to the console and to files.</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>The least level written: Debug, Information, Warning or Error.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Whether a file a day is written to the folder <c>logs</c> in the data directory, beside the
    /// console.</summary>
    public bool Files { get; init; } = true;

    /// <summary>
    /// Files kept. A day that filled several gives up its own first, so that a flood of lines leaves the days before
    /// it.
    /// </summary>
    [Range(1, 10_000)]
    public int KeepFiles { get; init; } = 14;

    /// <summary>A file that grows beyond this many bytes is followed by another of the same day.</summary>
    [Range(1 << 16, 1L << 40)]
    public long MaxFileBytes { get; init; } = 64L << 20;
}
