using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Events;

public sealed class AlarmsTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    [Fact]
    public async Task An_alarm_is_raised_once_counted_told_and_acknowledged()
    {
        await using var live = await LiveEvents.OpenAsync(app, "?types=alarm");
        var board = app.Services.GetRequiredService<AlarmBoard>();
        board.Raise("test-kind", "somebody", "It happened.");
        Assert.Contains("\"count\":1", (await live.FindAsync("alarm", "somebody")).Data, StringComparison.Ordinal);
        board.Raise("test-kind", "somebody", "It happened again.");
        Assert.Contains("It happened again.", (await live.FindAsync("alarm", "\"count\":2")).Data, StringComparison.Ordinal);
        var id = (await app.Admin.GetAsync("/api/v1/alarms")).Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray()
            .Single(alarm => alarm.GetProperty("subject").GetString() == "somebody").GetProperty("id").GetInt64();
        (await app.Admin.DeleteAsync($"/api/v1/alarms/{id}")).Is(HttpStatusCode.NoContent);
        (await app.Admin.DeleteAsync($"/api/v1/alarms/{id}")).Is(HttpStatusCode.NotFound);
        Assert.DoesNotContain("somebody", (await app.Admin.GetAsync("/api/v1/alarms")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_fills_raises_an_alarm_before_imports_are_refused()
    {
        await using var small = new NetbootApp(new() { ["Blobs:MinFreeBytes"] = "0" });
        var watch = ActivatorUtilities.CreateInstance<DiskWatch>(small.Services);
        watch.LookAt(-1);
        await Until.AsAsync(() => small.Admin.GetAsync("/api/v1/alarms"),
            alarms => alarms.Text.Contains("disk-nearly-full", StringComparison.Ordinal), "the alarm");
    }
}
