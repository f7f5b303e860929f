using System.Globalization;
using System.Text.RegularExpressions;

namespace NetbootServer.Jobs;

/// <summary>
/// Cron of five fields, as crontab(5) has them: minute, hour, day of the month, month, and day of the week with Sunday
/// as 0 or 7. Beyond crontab(5) they may say <c>1#1</c> (the first Monday), <c>5L</c> (the last Friday) and, as the day
/// of the month, <c>L</c>, <c>LW</c>, <c>L-3</c> and <c>15W</c>.
/// </summary>
internal static partial class Crontab
{
    private static readonly Field[] Fields =
    [
        new("minute", 0, 59, []),
        new("hour", 0, 23, []),
        new("day of the month", 1, 31, []),
        new("month", 1, 12,
            ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
        new("day of the week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]),
    ];

    /// <summary>The schedule as Quartz writes it, or what is wrong with it; completes "must be a schedule:".</summary>
    /// <param name="fields">The five fields.</param>
    public static (string? Quartz, string? Fault) ToQuartz(string[] fields)
    {
        var read = new string[fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            var (text, fault) = Read(Fields[i], fields[i].ToUpperInvariant());
            if (text is null) return (null, fault);
            read[i] = text;
        }
        var (dayOfMonth, dayOfWeek) = (read[2], read[4]);
        // Quartz wants a question mark in one of the two.
        if (dayOfWeek == "*") dayOfWeek = "?";
        else if (dayOfMonth == "*") dayOfMonth = "?";
        else
            return (null, "it names days of the month and days of the week, which cron would take as either of them: " +
                "put * into one of the two");
        return ($"0 {read[0]} {read[1]} {dayOfMonth} {read[3]} {dayOfWeek}", null);
    }

    private static (string? Text, string? Fault) Read(Field field, string text)
    {
        if (text == "?" && field.IsDay) return ("*", null);
        var items = text.Split(',');
        var read = new string[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            if (IsSpecial(field, items[i]) && items.Length > 1)
                return (null, $"{items[i]} stands alone in its field, not in a list");
            if (ReadItem(field, items[i]) is not { } item) return (null, field.Expected(items[i]));
            read[i] = item;
        }
        return (string.Join(',', read), null);
    }

    private static bool IsSpecial(Field field, string item) => field.IsWeekday && NthWeekday().IsMatch(item);

    /// <summary>
    /// An item of a list. Quartz counts days of the week from 1 and forgets a step behind names: so days are written by
    /// name, and what has a step is written out.
    /// </summary>
    private static string? ReadItem(Field field, string item)
    {
        if (item.Split('/') is not [var range, ..] parts || parts.Length > 2) return null;
        int? step = null;
        if (parts.Length == 2)
        {
            if (!IsNumber(parts[1], out var number) || number < 1 || number > field.Last) return null;
            step = number;
        }
        if (range == "*") return item;
        if (step is null && field.IsWeekday && NthWeekday().Match(range) is { Success: true } nth)
            return field.Parse(nth.Groups["day"].Value) is { } day ? $"{field.Names[day]}{nth.Groups["which"]}" : null;
        // A bare L is the last day of the month; as a day of the week Quartz would take it for Saturday.
        if (step is null && field is { IsDay: true, IsWeekday: false } && DayOfMonth().IsMatch(range)) return range;
        if (range.Split('-') is not [var from, ..] ends || ends.Length > 2 || field.Parse(from) is not { } first)
            return null;
        if (ends.Length == 1)
            return step is null ? field.Write(from) : field.List(first, field.LastOf(first), step.Value);
        if (field.Parse(ends[1]) is not { } last) return null;
        return step is null ? field.Range(from, ends[1]) : field.List(first, last, step.Value);
    }

    private static bool IsNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(@"\A(?<day>[0-7]|[A-Z]{3})(?<which>#[1-5]|L)\z")]
    private static partial Regex NthWeekday();

    [GeneratedRegex(@"\A(?:LW?|L-[0-9]{1,2}|[0-9]{1,2}W)\z")]
    private static partial Regex DayOfMonth();

    /// <param name="Name">What it is.</param>
    /// <param name="First">Its least value.</param>
    /// <param name="Last">Its greatest.</param>
    /// <param name="Names">Names of its values from the first on; empty without any.</param>
    private sealed record Field(string Name, int First, int Last, string[] Names)
    {
        public bool IsWeekday => Last == 7;

        public bool IsDay => IsWeekday || Last == 31;

        /// <summary>A value's number; null when it is none.</summary>
        public int? Parse(string value)
        {
            if (IsNumber(value, out var number)) return number >= First && number <= Last ? number : null;
            var at = Array.IndexOf(Names, value);
            return at < 0 ? null : First + at;
        }

        /// <summary>A value without a step.</summary>
        public string Write(string value) => IsWeekday ? Names[Parse(value)!.Value] : value;

        /// <summary>A range without a step; one that ends before it begins goes over the end.</summary>
        public string Range(string from, string to) =>
            IsWeekday && Parse(from) == 0 && Parse(to) == 7 ? "SUN-SAT" : $"{Write(from)}-{Write(to)}";

        /// <summary>Where steps from a single value end.</summary>
        public int LastOf(int first) => IsWeekday ? Math.Max(first, 6) : Last;

        /// <summary>All values of a range with a step.</summary>
        public string List(int from, int to, int step)
        {
            var (values, size) = (new List<int>(), IsWeekday ? 7 : Last - First + 1);
            for (var value = from; value <= (to < from ? to + size : to); value += step)
                values.Add(First + ((value - First) % size));
            return string.Join(',', values.Distinct()
                .Select(value => IsWeekday ? Names[value] : value.ToString(CultureInfo.InvariantCulture)));
        }

        public string Expected(string item)
        {
            var shown = item.Length > 20 ? item[..20] + "…" : item;
            var names = Names.Length == 0 ? "" : IsWeekday
                ? " (0 and 7 are Sunday) or SUN to SAT, 1#1 for the first Monday, " +
                "5L for the last Friday" : " or JAN to DEC";
            return $"'{shown}' is no {Name}: it takes {First} to {Last}{names}, with ranges as " +
                $"{First + 1}-{First + 4}, " +
                $"lists as {First + 1},{First + 3} and steps as */2";
        }
    }
}
