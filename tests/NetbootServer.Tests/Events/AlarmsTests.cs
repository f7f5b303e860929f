using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
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
        Assert.Contains("It happened again.", (await live.FindAsync("alarm", "\"count\":2")).Data,
            StringComparison.Ordinal);
        var id = (await app.Admin.GetAsync("/api/v1/alarms")).Is(HttpStatusCode.OK).Json.GetProperty("items")
            .EnumerateArray()
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

    [Fact]
    public async Task Machines_that_are_not_registered_share_one_alarm_of_a_kind()
    {
        await using var other = new NetbootApp();
        await other.Admin.PutAsync("/api/v1/machines/mine", """{"macs":["5254000f0000"]}""");
        // Two addresses that ask in turns; what the query says of the address is not believed.
        for (var i = 0; i < 40; i++)
            foreach (var address in new[] { "10.1.0.1", "10.1.0.2", "10.1.0.1" })
                await AskAsync(other, $"5254000f01{i:x2}", address);
        foreach (var address in new[] { "10.1.0.1", "10.1.0.2", "10.1.0.1" })
            await AskAsync(other, "5254000f0000", address);
        var alarms = await Until.AsAsync(() => other.Admin.GetAsync("/api/v1/alarms?kind=mac-on-two-addresses"),
            answer => answer.Items("subject").Count == 2 && CountOf(answer, AlarmBoard.UnknownMachines) == 40,
            "both alarms, counted");
        Assert.Equal(["mine", AlarmBoard.UnknownMachines], alarms.Items("subject").Order(StringComparer.Ordinal));

        static long CountOf(Answer answer, string subject) => answer.Json.GetProperty("items").EnumerateArray()
            .Where(alarm => alarm.GetProperty("subject").GetString() == subject)
            .Sum(alarm => alarm.GetProperty("count").GetInt64());
    }

    private static async Task AskAsync(NetbootApp app, string mac, string address)
    {
        var context = await app.Server.SendAsync(http =>
        {
            (http.Request.Method, http.Request.Path, http.Request.QueryString) = ("GET", "/boot/script",
                new($"?mac={mac}"));
            http.Request.Host = new("localhost");
            http.Connection.RemoteIpAddress = IPAddress.Parse(address);
        }, TestContext.Current.CancellationToken);
        Assert.Equal(200, context.Response.StatusCode);
    }

    [Fact]
    public async Task A_flood_of_one_kind_hides_no_other_kind()
    {
        await using var other = new NetbootApp();
        var board = other.Services.GetRequiredService<AlarmBoard>();
        _ = other.Server;
        board.Raise(AlarmKinds.BlobRotten, "a-file", "It is rotten.");
        for (var i = 0; i < 1500; i++)
            board.Raise(AlarmKinds.MacOnTwoAddresses, $"machine-{i}", "It asks from two addresses.");
        board.Raise(AlarmKinds.DiskNearlyFull, "", "It is nearly full.");
        var first = await Until.AsAsync(() => other.Admin.GetAsync("/api/v1/alarms?limit=5"),
            answer => answer.Items("kind").Distinct().Count() == 3, "all three kinds on the first page");
        Assert.Equal([AlarmKinds.BlobRotten, AlarmKinds.DiskNearlyFull, AlarmKinds.MacOnTwoAddresses],
            first.Items("kind").Take(3).Order(StringComparer.Ordinal));
        Assert.Equal(5, first.Items("kind").Count);

        // The pages have all of them, each once.
        HashSet<string> seen = [];
        var page = await other.Admin.GetAsync("/api/v1/alarms?limit=400");
        for (; ; page = await other.Admin.GetAsync($"/api/v1/alarms?limit=400&after={page["next"]}"))
        {
            Assert.All(page.Items("subject"), subject => Assert.True(seen.Add(subject), subject));
            if (page["next"] is null) break;
        }
        Assert.InRange(seen.Count, 900, 1002);
        Assert.Equal(["a-file"], (await other.Admin.GetAsync("/api/v1/alarms?kind=blob-rotten")).Items("subject"));
        var one = seen.First(subject => subject.StartsWith("machine-", StringComparison.Ordinal));
        Assert.Equal(["mac-on-two-addresses"], (await other.Admin.GetAsync($"/api/v1/alarms?subject={one}"))
            .Items("kind"));
        (await other.Admin.GetAsync("/api/v1/alarms?after=bm9uc2Vuc2U"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        (await other.Admin.GetAsync("/api/v1/alarms?limit=0"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Fact]
    public async Task Alarms_that_wait_are_counted_and_each_kind_has_its_own_limit()
    {
        var queue = new AlarmQueue();
        var at = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < 3000; i++) queue.Add(new("flood", $"{i}", "x", at.AddSeconds(i)));
        for (var i = 0; i < 3000; i++) queue.Add(new("rotten", "one", $"{i}", at.AddSeconds(i)));
        var taken = await queue.TakeAsync(TestContext.Current.CancellationToken);
        Assert.Equal(AlarmQueue.MaxPerKind, taken.Count(alarm => alarm.Kind == "flood"));
        var rotten = Assert.Single(taken, alarm => alarm.Kind == "rotten");
        Assert.Equal((3000L, "2999", at, at.AddSeconds(2999)),
            (rotten.Count, rotten.Detail, rotten.FirstAt, rotten.At));
    }
}
