using NetbootServer.Jobs;

namespace NetbootServer.Tests.Jobs;

public sealed class CronScheduleTests
{
    private static readonly DateTimeOffset Start = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero); // a Friday

    private static IEnumerable<DateTimeOffset> Times(string schedule, int most)
    {
        var at = Start;
        for (var i = 0; i < most && CronSchedule.Next(schedule, TimeZoneInfo.Utc, at) is { } next; i++)
            yield return at = next;
    }

    [Theory]
    [InlineData("0", "Sunday")]
    [InlineData("7", "Sunday")]
    [InlineData("1", "Monday")]
    [InlineData("6", "Saturday")]
    [InlineData("sun", "Sunday")]
    [InlineData("Mon,3", "Monday Wednesday")]
    [InlineData("0,6", "Sunday Saturday")]
    [InlineData("1-5", "Monday Tuesday Wednesday Thursday Friday")]
    [InlineData("mon-fri", "Monday Tuesday Wednesday Thursday Friday")]
    [InlineData("5-7", "Sunday Friday Saturday")]
    [InlineData("0-7", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")]
    [InlineData("1-7", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")]
    [InlineData("7-7", "Sunday")]
    [InlineData("6-1", "Sunday Monday Saturday")]
    [InlineData("1-5/2", "Monday Wednesday Friday")]
    [InlineData("MON-FRI/2", "Monday Wednesday Friday")]
    [InlineData("5-7/2", "Sunday Friday")]
    [InlineData("0-6/3", "Sunday Wednesday Saturday")]
    [InlineData("1/2", "Monday Wednesday Friday")]
    [InlineData("0/3", "Sunday Wednesday Saturday")]
    [InlineData("*/2", "Sunday Tuesday Thursday Saturday")]
    [InlineData("0,2-4", "Sunday Tuesday Wednesday Thursday")]
    [InlineData("1-2,5-7/2", "Sunday Monday Tuesday Friday")]
    [InlineData("*", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")]
    [InlineData("?", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")]
    public void Five_fields_count_days_of_the_week_as_cron_does(string field, string days)
    {
        var times = Times($"0 3 * * {field}", 60).TakeWhile(time => time < Start.AddDays(28)).ToList();
        Assert.Equal(days, string.Join(' ', times.Select(time => time.DayOfWeek).Distinct().Order()));
        Assert.Equal(4 * days.Split(' ').Length, times.Count);
    }

    [Theory]
    [InlineData("0 3 * * 1#1", DayOfWeek.Monday, 1, 7)]
    [InlineData("0 3 * * mon#1", DayOfWeek.Monday, 1, 7)]
    [InlineData("0 3 * * 0#2", DayOfWeek.Sunday, 8, 14)]
    [InlineData("0 3 * * 7#2", DayOfWeek.Sunday, 8, 14)]
    [InlineData("0 3 * * 6#4", DayOfWeek.Saturday, 22, 28)]
    [InlineData("0 3 * * 5L", DayOfWeek.Friday, 22, 31)]
    [InlineData("0 3 * * 0L", DayOfWeek.Sunday, 22, 31)]
    [InlineData("0 3 * * 7L", DayOfWeek.Sunday, 22, 31)]
    [InlineData("0 0 3 ? * 2#1", DayOfWeek.Monday, 1, 7)]
    [InlineData("0 0 3 ? * 1#1", DayOfWeek.Sunday, 1, 7)]
    [InlineData("0 0 3 ? * 6L", DayOfWeek.Friday, 22, 31)]
    public void A_certain_one_of_a_month_is_found_with_the_day_numbers_of_its_form(
        string schedule, DayOfWeek day, int first, int last)
    {
        var times = Times(schedule, 24).ToList();
        Assert.Equal(24, times.Count);
        Assert.Equal(24, times.DistinctBy(time => (time.Year, time.Month)).Count());
        Assert.All(times, time =>
        {
            Assert.Equal(day, time.DayOfWeek);
            Assert.InRange(time.Day, first, last);
            if (schedule.EndsWith('L')) Assert.NotEqual(time.Month, time.AddDays(7).Month);
        });
    }

    [Theory]
    [InlineData("0 3 1 JAN-JUN/2 *", "01-01 03-01 05-01")]
    [InlineData("0 3 1 jan,7 *", "01-01 07-01")]
    [InlineData("0 3 1 */6 *", "01-01 07-01")]
    [InlineData("0 3 1 NOV-FEB *", "01-01 02-01 11-01 12-01")]
    [InlineData("0 3 1 11-2/3 *", "02-01 11-01")]
    [InlineData("0 3 L 1-3 *", "01-31 02-28 03-31")]
    [InlineData("0 3 1,15 6 *", "06-01 06-15")]
    [InlineData("0 3 */10 6 ?", "06-01 06-11 06-21")]
    public void Days_and_months_are_cron_s(string schedule, string days) => Assert.Equal(days,
        string.Join(' ', Times(schedule, 60).TakeWhile(time => time.Year == 2027).Select(time => $"{time:MM-dd}")));

    [Fact]
    public void Minutes_and_hours_are_cron_s() => Assert.Equal("04:05 04:35 23:05 23:35 00:05 00:35",
        string.Join(' ', Times("5/30 4,23-0 * * *", 10).Skip(2).Take(6).Select(time => $"{time:HH:mm}")));

    [Theory]
    [InlineData("a day beyond seven", "0 3 * * 8", "'8' is no day of the week: it takes 0 to 7 (0 and 7 are Sunday)")]
    [InlineData("a sixth Monday", "0 3 * * 1#6", "1#1 for the first Monday")]
    [InlineData("a list with one of the month", "0 3 * * 1#1,3", "stands alone")]
    [InlineData("a bare L, which Quartz takes for Saturday", "0 3 * * L", "'L' is no day of the week")]
    [InlineData("a day's whole name", "0 3 * * MONDAY", "SUN to SAT")]
    [InlineData("a minute too many", "60 * * * *", "'60' is no minute: it takes 0 to 59")]
    [InlineData("an hour too many", "0 24 * * *", "no hour")]
    [InlineData("a month too many", "0 3 1 13 *", "JAN to DEC")]
    [InlineData("half a range", "1- * * * *", "no minute")]
    [InlineData("two ranges in one", "1-5-7 * * * *", "no minute")]
    [InlineData("a step of nothing", "*/0 * * * *", "no minute")]
    [InlineData("an empty item", "1,,2 * * * *", "no minute")]
    [InlineData("days of both kinds", "0 4 1 * 1", "put * into one of the two")]
    [InlineData("a nickname", "@daily", "it has 1 fields")]
    [InlineData("four fields", "0 3 * *", "it has 4 fields")]
    [InlineData("six fields in cron's words", "0 0 3 ? * 0",
        "days of the week are SUN to SAT or 1 to 7 with Sunday as 1")]
    public void A_schedule_is_refused_with_the_right_spelling(string what, string schedule, string expected)
    {
        Assert.NotNull(what);
        Assert.Null(CronSchedule.ToQuartz(schedule));
        Assert.Contains(expected, CronSchedule.Fault(schedule), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0 4 * * 1", "0 0 4 ? * MON")]
    [InlineData("0 2 * * 6", "0 0 2 ? * SAT")]
    [InlineData("0 4 * * 1-5", "0 0 4 ? * MON-FRI")]
    [InlineData("*/10 * * * 0,6", "0 */10 * ? * SUN,SAT")]
    [InlineData("0 4 1 JAN *", "0 0 4 1 JAN ?")]
    public void What_Quartz_keeps_from_earlier_versions_is_still_the_same(string schedule, string quartz) =>
        Assert.Equal(quartz, CronSchedule.ToQuartz(schedule)); // another text would make it forget what it has missed
}
