using NetbootServer.Dashboard;

namespace NetbootServer.Tests.Dashboard;

public sealed class ThroughputRingTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    private readonly ThroughputRing _ring = new(TimeSpan.FromSeconds(10), 6);

    [Fact]
    public void A_step_is_the_average_of_its_seconds_and_knows_the_busiest()
    {
        for (var second = 0; second < 10; second++) Add(second, second == 3 ? 700 : 100);

        var sample = At(10)[0];

        Assert.Equal((Start, 160L, 700L), (sample.At, sample.BytesPerSecond, sample.PeakBytesPerSecond));
    }

    [Fact]
    public void The_step_that_is_not_over_is_divided_by_the_seconds_it_has_lasted()
    {
        for (var second = 0; second < 4; second++) Add(second, 100);

        Assert.Equal(100, Assert.Single(At(4)).BytesPerSecond);
    }

    [Fact]
    public void Steps_without_a_look_are_zero_and_older_ones_are_gone()
    {
        Add(0, 50);
        Add(30, 50);

        Assert.Equal([50, 0, 0, 50], At(31).Select(sample => sample.PeakBytesPerSecond));
        Assert.Equal([0, 50, 0, 0, 0, 0], At(79).Select(sample => sample.PeakBytesPerSecond));
    }

    private void Add(int second, long bytes) => _ring.Add(Start.AddSeconds(second), bytes);

    private List<ThroughputSample> At(int second) => _ring.Samples(Start.AddSeconds(second));
}
