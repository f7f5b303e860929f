using NetbootServer.Api;
using NetbootServer.Boots.Planning;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Planning;

public sealed class AddressWatchTests : IDisposable
{
    private static readonly MacAddress Mac = MacAddress.Parse("52:54:00:00:00:01");

    private readonly SettableClock _clock = new();
    private readonly AddressWatch _watch;

    public AddressWatchTests() => _watch = new(_clock);

    [Fact]
    public void Two_addresses_in_turns_are_noticed_and_a_move_is_not()
    {
        Assert.Null(See("10.0.0.1"));
        Assert.Null(See("10.0.0.2"));
        Assert.Equal("10.0.0.2", See("10.0.0.1"));
    }

    [Fact]
    public void A_machine_that_comes_back_long_after_is_not_noticed_though_the_wall_clock_was_set_back()
    {
        See("10.0.0.1");
        See("10.0.0.2");
        _clock.Pass(TimeSpan.FromMinutes(3));
        _clock.Wall -= TimeSpan.FromHours(5);
        Assert.Null(See("10.0.0.1"));
    }

    [Fact]
    public void Two_addresses_in_turns_are_noticed_though_the_wall_clock_is_set_forward()
    {
        See("10.0.0.1");
        See("10.0.0.2");
        _clock.Wall += TimeSpan.FromDays(400);
        Assert.Equal("10.0.0.2", See("10.0.0.1"));
    }

    public void Dispose() => _watch.Dispose();

    private string? See(string address)
    {
        _clock.Pass(TimeSpan.FromSeconds(5));
        return _watch.Sees(Mac, address);
    }
}
