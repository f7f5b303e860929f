using System.Net;
using NetbootServer.Access;
using NetbootServer.Access.Passwords;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

/// <summary>Durations go by the time that passes, not by a clock that somebody sets.</summary>
public sealed class SetClockTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-500), InlineData(500)]
    public void A_delay_after_wrong_passwords_lasts_as_long_when_the_clock_is_set(int days)
    {
        var clock = new SettableClock();
        using var delay = new LoginDelay(clock);
        var address = IPAddress.Parse("10.0.0.5");
        for (var i = 0; i < 6; i++) delay.Note(address, good: false);
        Assert.Equal(8, delay.Wait(address));
        clock.Wall += TimeSpan.FromDays(days);
        Assert.Equal(8, delay.Wait(address));
        clock.Pass(TimeSpan.FromSeconds(8));
        Assert.Null(delay.Wait(address));
    }

    [Fact]
    public async Task A_grant_is_read_again_after_ten_seconds_though_the_clock_went_back()
    {
        var clock = new SettableClock();
        using var cache = new GrantCache(clock);
        var grant = new Grant("id", new("name", "viewer"), null);
        Assert.NotNull(await FindAsync(grant));
        clock.Pass(TimeSpan.FromSeconds(9));
        Assert.NotNull(await FindAsync(null));
        clock.Wall -= TimeSpan.FromDays(1);
        clock.Pass(TimeSpan.FromSeconds(2));
        Assert.Null(await FindAsync(null)); // it was ended elsewhere meanwhile

        Task<Grant?> FindAsync(Grant? read) => cache.FindAsync("hash", (_, _) => Task.FromResult(read), Ct);
    }
}
