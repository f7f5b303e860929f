using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Storage;

public sealed class SteadyClockTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Database => app.Services.GetRequiredService<Database>();

    [Fact]
    public async Task It_follows_no_wall_clock_and_goes_on_over_restarts()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var clock = new SteadyClock(time);
        await clock.LoadAsync(Database, Ct);
        var began = clock.Now;
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(TimeSpan.FromHours(2), clock.Now - began);
        time.AdjustTime(time.GetUtcNow().AddYears(2));
        Assert.Equal(TimeSpan.FromHours(2), clock.Now - began);
        await clock.SaveAsync(Database, Ct);

        Assert.Equal(TimeSpan.FromHours(5), await AfterStopAsync(time, by => by.Advance(TimeSpan.FromHours(3)), began)); // a stop is counted
        var jumped = await AfterStopAsync(time, by => by.AdjustTime(by.GetUtcNow().AddYears(1)), began);
        Assert.Equal(TimeSpan.FromHours(5), jumped); // no stop lasts a year
        Assert.Equal(TimeSpan.FromHours(5), await AfterStopAsync(time, by => by.AdjustTime(by.GetUtcNow().AddYears(-3)), began));
    }

    /// <summary>What the clock of a server that was started anew shows.</summary>
    private async Task<TimeSpan> AfterStopAsync(FakeTimeProvider time, Action<FakeTimeProvider> stop, TimeSpan began)
    {
        stop(time);
        var clock = new SteadyClock(time);
        await clock.LoadAsync(Database, Ct);
        await clock.SaveAsync(Database, Ct);
        return clock.Now - began;
    }
}
