using Microsoft.Extensions.Time.Testing;
using NetbootServer.Serving;

namespace NetbootServer.Tests.Serving;

public sealed class RateMeterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RateMeter _meter;

    public RateMeterTests() => _meter = new(TimeSpan.FromSeconds(2), _time);

    [Fact]
    public void Nothing_is_known_before_a_quarter_of_a_second()
    {
        _meter.Note(0);
        _time.Advance(TimeSpan.FromMilliseconds(240));
        _meter.Note(1000);
        Assert.Null(_meter.BytesPerSecond);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(4000, _meter.BytesPerSecond);
    }

    [Fact]
    public void It_is_the_mean_of_the_last_seconds_and_a_stall_brings_it_to_zero()
    {
        for (var i = 0; i <= 20; i++) Step(i * 500); // 1000 a second for 10 s
        Assert.Equal(1000, _meter.BytesPerSecond!.Value, 0.001);
        for (var i = 1; i <= 4; i++) Step(10_000 + i * 2000); // 4000 a second for 2 s
        Assert.InRange(_meter.BytesPerSecond!.Value, 3000, 4000);
        for (var i = 0; i < 6; i++) Step(18_000);
        Assert.Equal(0, _meter.BytesPerSecond);

        void Step(long bytes)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            _meter.Note(bytes);
        }
    }

    [Fact]
    public void Fewer_bytes_than_before_and_a_restart_begin_anew()
    {
        _meter.Note(5000);
        _time.Advance(TimeSpan.FromSeconds(1));
        _meter.Note(1000);
        Assert.Null(_meter.BytesPerSecond);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _meter.BytesPerSecond);
        _meter.Restart();
        Assert.Null(_meter.BytesPerSecond);
    }
}
