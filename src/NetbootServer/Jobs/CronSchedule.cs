using Quartz;

namespace NetbootServer.Jobs;

/// <summary>
/// Times that repeat: cron of 5 fields with cron's own day numbers (see <see cref="Crontab"/>), or Quartz's 6 or
/// 7 with seconds first and its day numbers, where Sunday is 1.
/// </summary>
public static class CronSchedule
{
    /// <summary>The schedule as Quartz writes it; null when <paramref name="text"/> is none.</summary>
    public static string? ToQuartz(string text) => Read(text).Quartz;

    /// <summary>What is wrong with a schedule, and how to write it; null when it is good.</summary>
    public static string? Fault(string text) => Read(text) is { Quartz: null, Fault: var fault }
        ? $"must be a schedule, such as \"0 4 * * 1\" for Mondays at 4:00: {fault}" : null;

    private static (string? Quartz, string? Fault) Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (quartz, fault) = fields.Length switch
        {
            5 => Crontab.ToQuartz(fields),
            6 or 7 => (string.Join(' ', fields), null),
            var count => (null, $"it has {count} fields; cron has five (minute, hour, day of the month, month, day " +
            "of the week), Quartz six or seven"),
        };
        if (quartz is null) return (null, fault);
        return IsExpression(quartz, out fault)
            ? (quartz.ToUpperInvariant(), null) // as Quartz keeps it
            : (null, fields.Length == 5 ? fault
                : $"{fault}; of six or seven fields the first is the seconds, one of the two days is ?, and days of " +
                "the week are SUN to SAT or 1 to 7 with Sunday as 1");
    }

    /// <summary>The next time of a schedule after <paramref name="now"/>; null when there is none.</summary>
    public static DateTimeOffset? Next(string schedule, TimeZoneInfo zone, DateTimeOffset now) =>
        ToQuartz(schedule) is { } quartz ? new CronExpression(quartz, zone).GetNextValidTimeAfter(now) : null;

    private static bool IsExpression(string quartz, out string? fault)
    {
        try
        {
            _ = new CronExpression(quartz);
            fault = null;
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            fault = e.Message.TrimEnd('.');
            return false;
        }
    }
}
