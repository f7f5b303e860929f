using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Transfers;

namespace NetbootServer.Tests.Boots.Transfers;

/// <summary>How fast boots were: what is kept of it, and for how long.</summary>
public sealed class RateHistoryTests
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private readonly RateHistory _rates = new();

    [Fact]
    public void A_look_adds_the_bytes_since_the_last_one()
    {
        var transfer = Begin("b1");
        _rates.Look([transfer], Start + Look);
        foreach (var (at, bytes) in new[] { (2, 1_000), (3, 0), (4, 4_000) })
        {
            transfer.Accepted(bytes);
            _rates.Look([transfer], Start + at * Look);
        }
        var samples = _rates.Of("b1");
        Assert.Equal([0, 2_000, 0, 8_000], samples.Select(sample => sample.BytesPerSecond));
        Assert.Equal(Start + 4 * Look, samples[^1].At);
        Assert.All(samples, sample => Assert.Equal(0.5, sample.Seconds));
    }

    [Fact]
    public void A_transfer_that_came_and_went_between_two_looks_counts_once()
    {
        _rates.Look([], Start);
        var transfer = Begin("b1");
        transfer.Accepted(3_000);
        transfer.EndedAt = Start + 0.1 * Look;
        for (var i = 1; i <= 3; i++) _rates.Look([transfer], Start + i * Look);
        Assert.Equal(6_000, Assert.Single(_rates.Of("b1")).BytesPerSecond);
    }

    [Fact]
    public void A_look_right_after_another_waits_for_the_next_one()
    {
        var transfer = Begin("b1");
        _rates.Look([transfer], Start + Look);
        foreach (var at in new[] { 1.1, 2 })
        {
            transfer.Accepted(1_000);
            _rates.Look([transfer], Start + at * Look);
        }
        Assert.Equal([0, 4_000], _rates.Of("b1").Select(sample => sample.BytesPerSecond));
    }

    [Fact]
    public void What_was_taken_while_nobody_looked_is_told_of_that_time_alone()
    {
        var transfer = Begin("b1");
        _rates.Look([transfer], Start + Look);
        transfer.Accepted(60_000);
        _rates.Look([transfer], Start + 121 * Look);
        var samples = _rates.Of("b1");
        Assert.Equal([0, 1_000], samples.Select(sample => sample.BytesPerSecond));
        Assert.Equal(60, samples[^1].Seconds);
    }

    [Fact]
    public void A_clock_that_is_set_back_goes_on_from_there()
    {
        var transfer = Begin("b1");
        _rates.Look([transfer], Start + 100 * Look);
        transfer.Accepted(1_000);
        _rates.Look([transfer], Start + 10 * Look);
        _rates.Look([transfer], Start + 11 * Look);
        Assert.Equal(2_000, _rates.Of("b1")[^1].BytesPerSecond);
    }

    [Fact]
    public void One_long_sample_leaves_the_others_short()
    {
        var line = new RateLine();
        line.Add(Start, Start + TimeSpan.FromMinutes(1), 100);
        for (var i = 0; i < RateLine.Capacity; i++)
        {
            var from = Start + TimeSpan.FromMinutes(1) + i * Look;
            line.Add(from, from + Look, 100);
        }
        Assert.InRange(line.Samples().Length, RateLine.Capacity / 2, RateLine.Capacity);
    }

    [Fact]
    public void A_long_boot_keeps_its_beginning_in_bounded_room_and_loses_no_byte()
    {
        var line = new RateLine();
        const int looks = 20_000;
        for (var i = 0; i < looks; i++) line.Add(Start + i * Look, Start + (i + 1) * Look, 100);
        var samples = line.Samples();
        Assert.InRange(samples.Length, RateLine.Capacity / 4, RateLine.Capacity);
        Assert.Equal(looks * Look.TotalSeconds, samples.Sum(sample => sample.Seconds), 3);
        Assert.All(samples, sample => Assert.Equal(200, sample.BytesPerSecond));
    }

    [Fact]
    public void A_pause_between_two_files_stays_a_pause()
    {
        var line = new RateLine();
        for (var i = 0; i < 2 * RateLine.Capacity; i++)
        {
            var from = Start + i * Look + (i < RateLine.Capacity ? TimeSpan.Zero : TimeSpan.FromMinutes(10));
            line.Add(from, from + Look, 100);
        }
        var samples = line.Samples();
        Assert.Equal(1, samples.Zip(samples.Skip(1)).Count(pair =>
            (pair.Second.At - pair.First.At).TotalSeconds > pair.Second.Seconds + 0.001));
    }

    [Fact]
    public void Files_that_never_touch_push_out_the_oldest()
    {
        var line = new RateLine();
        for (var i = 0; i < 3 * RateLine.Capacity; i++)
            line.Add(Start + 2 * i * Look, Start + (2 * i + 1) * Look, i);
        var samples = line.Samples();
        Assert.InRange(samples.Length, RateLine.Capacity / 2, RateLine.Capacity);
        Assert.Equal(Start + (2 * (3 * RateLine.Capacity - 1) + 1) * Look, samples[^1].At);
    }

    [Fact]
    public void Rates_of_boots_that_ended_long_ago_are_let_go()
    {
        _rates.Look([Begin("old")], Start + Look);
        _rates.Look([Begin("new")], Start + TimeSpan.FromMinutes(14));
        Assert.NotEmpty(_rates.Of("old"));
        _rates.Look([Begin("new")], Start + TimeSpan.FromMinutes(16));
        Assert.Empty(_rates.Of("old"));
        Assert.NotEmpty(_rates.Of("new"));
    }

    [Fact]
    public void Of_very_many_boots_those_that_moved_last_are_kept()
    {
        for (var i = 0; i < 2_500; i++) _rates.Look([Begin($"b{i}")], Start + (i + 1) * RateHistory.ShortestLook);
        Assert.Empty(_rates.Of("b0"));
        Assert.NotEmpty(_rates.Of("b2499"));
    }

    private static LiveTransfer Begin(string boot) =>
        new(null!, new(boot, 1, "", Start, false), Steps.Initrd, 0, 1 << 30, Start);
}
