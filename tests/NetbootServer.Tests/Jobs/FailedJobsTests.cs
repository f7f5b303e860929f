using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>What fails for good on its schedule, and what a source that counts requests is spared.</summary>
[Trait("category", "slow")]
public sealed class FailedJobsTests
{
    private static readonly string Yearly = $"0 4 1 {DateTimeOffset.UtcNow.AddMonths(6).Month} *";

    [Fact]
    public async Task A_refresh_that_failed_is_tried_again_long_before_its_schedule_until_one_succeeds()
    {
        await using var host = new JobHost(new() { ["Jobs:RetryFailedAfter"] = "00:00:02" });
        await host.MakeAsync("yearly", schedule: Yearly);
        host.Break();
        var first = await host.RefreshAsync("yearly");
        Assert.Equal("failed", first["state"]);
        Assert.Contains(", and so on until it succeeds.",
            (await host.App.Admin.GetAsync($"/api/v1/jobs/{first["id"]}/log")).Text, StringComparison.Ordinal);
        Assert.InRange(await NextAsync(host), DateTimeOffset.UtcNow.AddMinutes(-1),
            DateTimeOffset.UtcNow.AddMinutes(1));

        // It fails again, with an alarm that says what comes, and again.
        await Until.AsAsync(() => JobsAsync(host), jobs => jobs.Count(job => job == "schedule failed") >= 2,
            "two failures");
        Assert.Contains("It is tried again at ", (await Until.AsAsync(() => host.App.Admin.GetAsync("/api/v1/alarms"),
            answer => answer.Text.Contains("refresh-failing", StringComparison.Ordinal), "the alarm")).Text,
            StringComparison.Ordinal);
        host.Put(2);
        await Until.AsAsync(() => JobsAsync(host), jobs => jobs.Contains("schedule succeeded"),
            "the source to be read");
        Assert.True(await NextAsync(host) > DateTimeOffset.UtcNow.AddDays(30));
        var before = (await JobsAsync(host)).Count;
        await host.RefreshAsync("yearly");
        Assert.Equal(before + 1, (await JobsAsync(host)).Count);
    }

    [Fact]
    public async Task A_refresh_that_failed_is_tried_again_by_the_next_server_too()
    {
        await using var source = await SourceHost.StartAsync();
        await using var server = await ServerProcess.StartAsync(ServerSetup.With(
            ("Jobs:RetryFailedAfter", "00:00:20"), ("Jobs:Jitter", "00:00:00")), TestContext.Current.CancellationToken);
        var admin = new Caller(server.Admin);
        (await admin.PutAsync("/api/v1/images/yearly",
            new { source = new { type = "release", url = source.Url("/x") }, schedule = Yearly }))
            .Is(HttpStatusCode.Created);
        var job = (await admin.PostAsync("/api/v1/images/yearly/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"];
        await Until.AsAsync(() => admin.GetAsync($"/api/v1/jobs/{job}"), answer => answer["state"] == "failed",
            "the refresh to fail");
        await server.KillAsync();
        await server.StartAgainAsync(TestContext.Current.CancellationToken);
        await Until.AsAsync(() => admin.GetAsync("/api/v1/jobs?image=yearly"),
            answer => answer.Items("askedBy").Contains("schedule"), "the refresh");
    }

    [Fact]
    public async Task An_image_without_a_schedule_is_refreshed_when_asked_alone()
    {
        await using var host = new JobHost(new() { ["Jobs:RetryFailedAfter"] = "00:00:01" });
        await host.MakeAsync("asked");
        host.Break();
        Assert.Equal("failed", (await host.RefreshAsync("asked"))["state"]);
        Assert.Null((await host.App.Admin.GetAsync("/api/v1/images/asked"))["nextRefreshAt"]);
        await host.MakeAsync("yearly", schedule: Yearly);
        await host.RefreshAsync("yearly");
        await Until.AsAsync(() => JobsAsync(host), jobs => jobs.Contains("schedule failed"), "the other's next try");
        Assert.Single((await host.App.Admin.GetAsync("/api/v1/jobs?image=asked")).Items("id"));
    }

    [Fact]
    public async Task A_source_at_its_limit_is_asked_as_often_as_there_are_tries_and_no_more()
    {
        await using var source = await SourceHost.StartAsync();
        await using var app = new NetbootApp(
            new() { ["Jobs:RetryAfter"] = "00:00:00.010", ["Images:RetryDelay"] = "00:00:00.001" });
        source.Route("/api/release", http =>
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return Task.CompletedTask;
        });
        var job = await BeginAsync(app, source);
        var failed = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.Equal(("failed", "6"), (failed["state"], failed["attempt"]));
        Assert.Contains("it wants fewer requests from this server's address", failed.Json.GetProperty("problem")
            .GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(6, source.Requests.Count);
    }

    [Fact]
    public async Task A_limit_that_ends_later_today_is_waited_for_and_says_until_when()
    {
        await using var source = await SourceHost.StartAsync();
        await using var app = new NetbootApp();
        var reset = DateTimeOffset.UtcNow.AddHours(3);
        source.Route("/api/release", http =>
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            http.Response.Headers["x-ratelimit-limit"] = "60";
            http.Response.Headers["x-ratelimit-remaining"] = "0";
            http.Response.Headers["x-ratelimit-reset"] = $"{reset.ToUnixTimeSeconds()}";
            return Task.CompletedTask;
        });
        var job = await BeginAsync(app, source);
        var waiting = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["notBefore"] is not null, "the wait");
        Assert.InRange(DateTimeOffset.Parse(waiting["notBefore"]!, CultureInfo.InvariantCulture), reset.AddSeconds(-2),
            reset.AddSeconds(30));
        Assert.Contains("its limit of 60 requests for this server's address is used up until 20",
            waiting.Json.GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("Trying again in 180 min, at 20", (await app.Admin.GetAsync($"/api/v1/jobs/{job}/log")).Text,
            StringComparison.Ordinal);
        Assert.Single(source.Requests);
    }

    private static async Task<string> BeginAsync(NetbootApp app, SourceHost source)
    {
        (await app.Admin.PutAsync("/api/v1/images/limited", new
        {
            source = new { type = "release", url = source.Url("/releases"), api = source.Url("/api/release") },
        })).Is(HttpStatusCode.Created);
        return (await app.Admin.PostAsync("/api/v1/images/limited/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"]!;
    }

    private static async Task<List<string>> JobsAsync(JobHost host) =>
        [.. (await host.App.Admin.GetAsync("/api/v1/jobs?image=yearly")).Json.GetProperty("items").EnumerateArray()
            .Select(job => $"{job.GetProperty("askedBy").GetString()} {job.GetProperty("state").GetString()}")];

    private static async Task<DateTimeOffset> NextAsync(JobHost host) =>
        DateTimeOffset.Parse((await host.App.Admin.GetAsync("/api/v1/images/yearly"))["nextRefreshAt"]!,
            CultureInfo.InvariantCulture);
}
