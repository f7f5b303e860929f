using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

public sealed class MonotonicClockTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Database => app.Services.GetRequiredService<Database>();

    [Fact]
    public async Task It_follows_no_wall_clock_and_goes_on_over_restarts()
    {
        var time = new SetClock();
        var clock = new MonotonicClock(time);
        await clock.LoadAsync(Database, Ct);
        var began = clock.Now;
        time.Pass(TimeSpan.FromHours(2));
        AssertNear(2, clock.Now - began);
        time.Set(TimeSpan.FromDays(700));
        AssertNear(2, clock.Now - began);
        await clock.SaveAsync(Database, Ct);

        AssertNear(5, await AfterStopAsync(time, by => by.Pass(TimeSpan.FromHours(3)), began)); // a stop is counted
        var jumped = await AfterStopAsync(time, by => by.Set(TimeSpan.FromDays(365)), began);
        AssertNear(5, jumped); // no stop lasts a year
        AssertNear(5, await AfterStopAsync(time, by => by.Set(TimeSpan.FromDays(-1000)), began));
    }

    private static void AssertNear(int hours, TimeSpan shown) =>
        Assert.InRange(shown, TimeSpan.FromHours(hours), TimeSpan.FromHours(hours) + TimeSpan.FromMinutes(5));

    /// <summary>What the clock of a server that was started anew shows.</summary>
    private async Task<TimeSpan> AfterStopAsync(SetClock time, Action<SetClock> stop, TimeSpan began)
    {
        stop(time);
        var clock = new MonotonicClock(time);
        await clock.LoadAsync(Database, Ct);
        await clock.SaveAsync(Database, Ct);
        return clock.Now - began;
    }
}
