using System.Diagnostics;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Events;

public sealed class EventsTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Fact]
    public async Task Changes_are_told_with_the_resources_own_JSON_and_their_end()
    {
        await using var live = await LiveEvents.OpenAsync(app);
        await app.Admin.MakeImageAsync("told");
        var image = await live.FindAsync("image.changed", "\"name\":\"told\"");
        Assert.Equal("upload", JsonDocument.Parse(image.Data).RootElement.GetProperty("source").GetProperty("type")
            .GetString());
        await app.Admin.PutAsync("/api/v1/profiles/told", """{"image":"told"}""");
        await live.FindAsync("profile.changed", "\"name\":\"told\"");
        await app.Admin.PutAsync("/api/v1/machines/told", """{"macs":["525400050001"],"profile":"told"}""");
        await live.FindAsync("machine.changed", "\"name\":\"told\"");
        await app.Machine.ScriptAsync("525400050001");
        var boot = await live.FindAsync("boot.changed", "\"machine\":\"told\"");
        Assert.Equal("running", JsonDocument.Parse(boot.Data).RootElement.GetProperty("outcome").GetString());
        await app.Admin.DeleteAsync("/api/v1/machines/told");
        await live.FindAsync("machine.changed", """{"name":"told","deleted":true}""");
    }

    [Fact]
    public async Task A_reader_that_comes_back_gets_what_it_missed()
    {
        await using var other = await LiveEvents.OpenAsync(app); // somebody reads all the time
        string? last;
        await using (var first = await LiveEvents.OpenAsync(app))
        {
            await app.Admin.MakeImageAsync("before");
            last = (await first.FindAsync("image.changed", "before")).EventId;
        }
        await app.Admin.MakeImageAsync("meanwhile", seed: 3);
        await other.FindAsync("image.changed", "meanwhile");
        await using var second = await LiveEvents.OpenAsync(app, lastEventId: last);
        await second.FindAsync("image.changed", "\"name\":\"meanwhile\"");
    }

    [Theory]
    [InlineData("of another server", "00000000-7")]
    [InlineData("that makes no sense", "nonsense")]
    public async Task An_id_is_answered_with_a_reset_when_it_is(string what, string id)
    {
        Assert.NotNull(what);
        await using var live = await LiveEvents.OpenAsync(app, lastEventId: id);
        Assert.Equal("reset", (await live.NextAsync()).EventType);
    }

    [Fact]
    public async Task A_reader_that_was_away_while_nobody_read_is_told_to_reload()
    {
        await using var alone = new NetbootApp();
        string? last;
        await using (var first = await LiveEvents.OpenAsync(alone))
        {
            await alone.Admin.MakeImageAsync("seen");
            last = (await first.FindAsync("image.changed", "seen")).EventId;
        }
        await alone.Admin.MakeImageAsync("unseen", seed: 5);
        await Until.AsAsync(async () =>
        {
            await using var second = await LiveEvents.OpenAsync(alone, lastEventId: last);
            await alone.Admin.PatchAsync("/api/v1/images/unseen", $$"""{"keep":{{Random.Shared.Next(1, 900)}}}""");
            return (await second.NextAsync()).EventType;
        }, type => type == "reset", "the reset");
    }

    [Fact]
    public async Task Filters_leave_the_rest_out()
    {
        await app.Admin.MakeImageAsync("filtered", seed: 9);
        await app.Admin.PutAsync("/api/v1/machines/mine", """{"macs":["525400050011"]}""");
        await app.Admin.PutAsync("/api/v1/machines/other", """{"macs":["525400050012"]}""");
        await using var live = await LiveEvents.OpenAsync(app, "?types=machine.changed&machine=mine");
        await app.Admin.PatchAsync("/api/v1/images/filtered", """{"keep":7}""");
        await app.Admin.PatchAsync("/api/v1/machines/other", """{"notes":"x"}""");
        await app.Admin.PatchAsync("/api/v1/machines/mine", """{"notes":"y"}""");
        Assert.Contains("\"name\":\"mine\"", (await live.NextAsync()).Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_changes_of_one_resource_are_told_at_most_once_a_second_and_the_last_one_always()
    {
        await app.Admin.PutAsync("/api/v1/machines/busy", """{"macs":["525400050021"]}""");
        var watch = Stopwatch.StartNew();
        await using var live = await LiveEvents.OpenAsync(app, "?types=machine.changed&machine=busy");
        for (var i = 1; i <= 40; i++) await app.Admin.PatchAsync("/api/v1/machines/busy", $$"""{"notes":"change {{i}}"}""");
        var told = 1;
        while (!(await live.NextAsync()).Data.Contains("\"notes\":\"change 40\"", StringComparison.Ordinal)) told++;
        Assert.InRange<double>(told, 1, 2 + watch.Elapsed.TotalSeconds); // the first at once
    }

    [Fact]
    public async Task Two_hundred_readers_all_hear_of_a_change()
    {
        var readers = await Task.WhenAll(Enumerable.Range(0, 200)
            .Select(_ => LiveEvents.OpenAsync(app, "?types=image.changed")));
        await app.Admin.MakeImageAsync("for-all", seed: 11);
        await Task.WhenAll(readers.Select(reader => reader.FindAsync("image.changed", "for-all")));
        foreach (var reader in readers) await reader.DisposeAsync();
    }
}
