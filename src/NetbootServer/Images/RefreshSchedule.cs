using Quartz;

namespace NetbootServer.Images;

/// <summary>
/// When an image refreshes: cron of 5 fields (minute hour day-of-month month day-of-week, Sunday is 0 or 7, as in
/// crontab(5)), or Quartz's 6 or 7 with seconds first.
/// </summary>
public static class RefreshSchedule
{
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

    /// <summary>The schedule in Quartz's words; null when <paramref name="text"/> is none.</summary>
    public static string? ToQuartz(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var quartz = fields.Length switch
        {
            5 => FromCrontab(fields),
            6 or 7 => string.Join(' ', fields),
            _ => null,
        };
        return quartz is not null && IsExpression(quartz) ? quartz.ToUpperInvariant() : null; // as Quartz keeps it
    }

    /// <summary>The next time after <paramref name="now"/>; null when there is none.</summary>
    /// <param name="spec">An image's spec.</param>
    /// <param name="now">The present.</param>
    public static DateTimeOffset? Next(ImageSpec spec, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Schedule is null ? null : Next(spec.Schedule, ZoneOf(spec), now);
    }

    /// <summary>The next time of a schedule after <paramref name="now"/>; null when there is none.</summary>
    public static DateTimeOffset? Next(string schedule, TimeZoneInfo zone, DateTimeOffset now) =>
        ToQuartz(schedule) is { } quartz ? new CronExpression(quartz, zone).GetNextValidTimeAfter(now) : null;

    /// <summary>The schedule's time zone.</summary>
    public static TimeZoneInfo ZoneOf(ImageSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.TimeZone is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
    }

    private static bool IsExpression(string quartz)
    {
        try
        {
            _ = new CronExpression(quartz);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Quartz wants a question mark in one of the two day fields and counts days of the week from 1.</summary>
    private static string? FromCrontab(string[] fields)
    {
        var (dayOfMonth, dayOfWeek) = (fields[2], NameDays(fields[4]));
        if (dayOfWeek == "*") dayOfWeek = "?";
        else if (dayOfMonth == "*") dayOfMonth = "?";
        else return null; // crontab would take either day, Quartz cannot say that
        return $"0 {fields[0]} {fields[1]} {dayOfMonth} {fields[3]} {dayOfWeek}";
    }

    private static string NameDays(string field) => string.Join(',', field.Split(',').Select(part =>
    {
        var step = part.Split('/', 2);
        var named = string.Join('-', step[0].Split('-').Select(
            day => day is [>= '0' and <= '7'] ? Days[day[0] - '0'] : day));
        return step.Length == 2 ? $"{named}/{step[1]}" : named;
    }));
}
