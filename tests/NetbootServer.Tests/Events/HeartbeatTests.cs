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
        Assert.True(await items.MoveNextAsync());
        Assert.Equal("hello", items.Current.EventType);
        var begun = time.GetUtcNow();
        for (var beat = 1; beat <= 3; beat++)
        {
            while (true)
            {
                var next = items.MoveNextAsync().AsTask();
                while (!next.IsCompleted) // the reader waits before the clock moves
                {
                    await Task.Delay(5, Ct);
                    if (next.IsCompleted) break;
                    if (busy) hub.Publish(new("machine.changed", null, "{}"));
                    time.Advance(TimeSpan.FromSeconds(1));
                }
                Assert.True(await next);
                if (items.Current.EventType == "heartbeat") break;
                Assert.True(time.GetUtcNow() - begun < TimeSpan.FromSeconds(60), "no heartbeat among the events");
            }
            Assert.InRange((time.GetUtcNow() - begun).TotalSeconds, 10 * beat, (11 * beat) + 1);
        }
    }
}
