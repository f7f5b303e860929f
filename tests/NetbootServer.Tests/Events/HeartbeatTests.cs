using Microsoft.Extensions.Time.Testing;
using NetbootServer.Events;

namespace NetbootServer.Tests.Events;

public sealed class HeartbeatTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nothing happens", false)]
    [InlineData("something happens every second", true)]
    public async Task A_heartbeat_comes_every_ten_seconds_when(string what, bool busy)
    {
        Assert.NotNull(what);
        var time = new FakeTimeProvider();
        var hub = new EventHub();
        using var reader = hub.Subscribe(lastEventId: null);
        await using var items = reader.ReadAsync(_ => true, time, Ct).GetAsyncEnumerator(Ct);
        Assert.Equal("hello", await NextAsync());
        for (var beat = 1; beat <= 3; beat++)
        {
            var next = NextAsync(); // it waits when it returns
            for (var second = 1; busy && second < 10; second++)
            {
                hub.Publish(new("machine.changed", null, "{}"));
                Assert.Equal("machine.changed", await next);
                time.Advance(TimeSpan.FromSeconds(1));
                next = NextAsync();
            }
            Assert.False(next.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(busy ? 1 : 10));
            Assert.Equal("heartbeat", await next.WaitAsync(TimeSpan.FromMinutes(1), Ct));
        }

        async Task<string> NextAsync() => await items.MoveNextAsync() ? items.Current.EventType : "the end";
    }
}
