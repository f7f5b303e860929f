using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>Jobs while they wait and run: a source that is held tells when.</summary>
[Trait("category", "slow")]
public sealed class JobsTests : IAsyncLifetime
{
    private const string X86 = "x86_64-linux";
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SourceHost _host = null!;
    private FakeRelease _release = null!;
    private NetbootApp _app = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await SourceHost.StartAsync();
        _release = FakeRelease.Of(_host);
        _app = new(new()
        {
            ["Jobs:RetryAfter"] = "00:00:00.200", ["Images:Retries"] = "0", ["Images:RetryDelay"] = "00:00:00.010",
            ["Images:MaxConcurrentJobs"] = "1", ["Jobs:MaxLogBytes"] = "65536",
        });
    }

    [Fact]
    public async Task While_one_waits_or_runs_a_refresh_is_the_same_job_and_no_more_run_at_once_than_allowed()
    {
        Hold();
        var first = await BeginAsync("first");
        await StateAsync(first, "running");
        Assert.Equal(first, await BeginAsync("first"));
        var second = await BeginAsync("second");
        Assert.NotEqual(first, second);
        Assert.Equal("queued", (await JobAsync(second))["state"]);
        _letGo.SetResult();
        await StateAsync(first, "succeeded");
        await StateAsync(second, "succeeded");
        Assert.True(At(await JobAsync(first), "endedAt") <= At(await JobAsync(second), "startedAt").AddMilliseconds(1));
    }

    [Fact]
    public async Task A_log_is_followed_from_before_its_job_begins_to_its_end()
    {
        Hold();
        var first = await BeginAsync("first");
        await StateAsync(first, "running");
        var second = await BeginAsync("second");
        var followed = _app.Admin.GetAsync($"/api/v1/jobs/{second}/log?follow=true");
        Assert.Equal("", (await _app.Admin.GetAsync($"/api/v1/jobs/{second}/log")).Is(HttpStatusCode.OK).Text);
        _letGo.SetResult();
        var log = (await followed).Text;
        Assert.Contains("Refreshing image second", log, StringComparison.Ordinal);
        Assert.Contains("is there: ", log, StringComparison.Ordinal);
        Assert.Equal(log, (await _app.Admin.GetAsync($"/api/v1/jobs/{second}/log")).Text);
    }

    [Fact]
    public async Task A_log_is_read_from_where_the_caller_is()
    {
        _letGo.SetResult();
        var job = await BeginAsync("first");
        await StateAsync(job, "succeeded");
        var log = (await _app.Admin.GetAsync($"/api/v1/jobs/{job}/log?follow=true")).Text;
        Task<Answer> FromAsync(string query) => _app.Admin.GetAsync($"/api/v1/jobs/{job}/log?{query}");
        Assert.Equal(log[20..], (await FromAsync("from=20")).Is(HttpStatusCode.OK).Text);
        Assert.Equal(log[20..], (await FromAsync("from=20&follow=true")).Text);
        Assert.Equal("", (await FromAsync($"from={System.Text.Encoding.UTF8.GetByteCount(log)}")).Is(HttpStatusCode.OK)
            .Text);
        Assert.Equal("", (await FromAsync("from=9223372036854775807")).Is(HttpStatusCode.OK).Text);
        Assert.Equal(HttpStatusCode.BadRequest, (await FromAsync("from=-1")).Status);
    }

    [Fact]
    public async Task A_job_is_cancelled_while_it_waits_and_while_it_runs()
    {
        Hold();
        var (first, second) = (await BeginAsync("first"), await BeginAsync("second"));
        await StateAsync(first, "running");
        Assert.Equal("cancelled", (await _app.Admin.DeleteAsync($"/api/v1/jobs/{second}"))
            .Is(HttpStatusCode.Accepted)["state"]);
        await _app.Admin.DeleteAsync($"/api/v1/jobs/{first}");
        await StateAsync(first, "cancelled");
        Assert.EndsWith("Cancelled.\n", (await _app.Admin.GetAsync($"/api/v1/jobs/{first}/log?follow=true")).Text,
            StringComparison.Ordinal);
        Assert.Null((await _app.Admin.GetAsync("/api/v1/images/first"))["current"]);
        // Both may be asked for again.
        _letGo.SetResult();
        await StateAsync(await BeginAsync("first"), "succeeded");
        await StateAsync(await BeginAsync("second"), "succeeded");
    }

    [Fact]
    public async Task What_fails_in_passing_is_tried_again_and_says_why_meanwhile()
    {
        var away = true;
        _host.Route("/api/release", async http =>
        {
            if (away) http.Response.StatusCode = 503;
            else await http.Response.Body.WriteAsync(_host.File("/list").Bytes, Ct);
        });
        _host.Put("/list", System.Text.Encoding.UTF8.GetBytes(_release.Json()));
        var job = await BeginAsync("flaky");
        var waiting = await Until.AsAsync(() => JobAsync(job), answer => answer["state"] == "queued"
            && answer["problem"] is not null, "the first failure");
        Assert.Contains("answered 503", waiting["problem"], StringComparison.Ordinal);
        Assert.NotNull(waiting["notBefore"]);
        away = false;
        var ended = await StateAsync(job, "succeeded");
        Assert.True(ended.Json.GetProperty("attempt").GetInt32() > 1);
        Assert.Null(ended["problem"]);
        Assert.Contains("Trying again in ", (await _app.Admin.GetAsync($"/api/v1/jobs/{job}/log")).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_asks_for_a_refresh_does_not_wait_for_its_next_try()
    {
        await using var patient = new NetbootApp(new() { ["Jobs:RetryAfter"] = "01:00:00", ["Images:Retries"] = "0" });
        var away = true;
        _host.Route("/api/release", async http =>
        {
            if (away) http.Response.StatusCode = 503;
            else await http.Response.WriteAsync(_release.Json(), Ct);
        });
        var job = await BeginAsync("flaky", patient);
        await Until.AsAsync(() => patient.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["notBefore"] is not null, "the first failure");
        away = false;
        Assert.Equal(job, await BeginAsync("flaky", patient));
        await Until.AsAsync(() => patient.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["state"] == "succeeded", "the job to succeed");
    }

    [Fact]
    public async Task A_job_that_waits_for_its_next_try_goes_on_under_its_images_new_name()
    {
        await using var patient = new NetbootApp(new() { ["Jobs:RetryAfter"] = "00:00:03", ["Images:Retries"] = "0" });
        var away = true;
        _host.Route("/api/release", async http =>
        {
            if (away) http.Response.StatusCode = 503;
            else await http.Response.WriteAsync(_release.Json(), Ct);
        });
        var job = await BeginAsync("before", patient);
        await Until.AsAsync(() => patient.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["notBefore"] is not null, "the first failure");
        (await patient.Admin.PatchAsync("/api/v1/images/before", """{"name":"after"}""")).Is(HttpStatusCode.OK);
        away = false;
        var ended = await Until.AsAsync(() => patient.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.Equal(("succeeded", "after"), (ended["state"], ended["image"]));
        Assert.Single((await patient.Admin.GetAsync("/api/v1/images/after/versions")).Items("id"));
    }

    [Fact]
    public async Task An_image_keeps_its_name_while_a_job_of_it_runs()
    {
        Hold();
        var job = await BeginAsync("works");
        await StateAsync(job, "running");
        var refused = (await _app.Admin.PatchAsync("/api/v1/images/works", """{"name":"other"}""")).IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Contains(job, refused["detail"], StringComparison.Ordinal);
        _letGo.SetResult();
        await StateAsync(job, "succeeded");
        (await _app.Admin.PatchAsync("/api/v1/images/works", """{"name":"other"}""")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_source_that_is_replaced_while_it_is_read_brings_no_version()
    {
        Hold();
        var job = await BeginAsync("moved");
        await Until.TrueAsync(() => _host.Requests.Any(request =>
            request.Path.StartsWith("/api/assets/", StringComparison.Ordinal)), "the download");
        (await _app.Admin.PatchAsync("/api/v1/images/moved", new { source = new { api = (string?)null } }))
            .Is(HttpStatusCode.OK);
        _letGo.SetResult();
        var ended = await StateAsync(job, "succeeded");
        Assert.Equal("2", ended["attempt"]);
        Assert.Contains("The image's source or systems were changed while it was read.",
            (await _app.Admin.GetAsync($"/api/v1/jobs/{job}/log")).Text, StringComparison.Ordinal);
        var version = (await _app.Admin.GetAsync("/api/v1/images/moved/versions")).Json.GetProperty("items")[0];
        Assert.DoesNotContain("/api/assets/", version.GetProperty("provenance").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("31536000", "notBefore")]
    [InlineData("Mon, 01 Jan 2001 00:00:00 GMT", "endedAt")]
    public async Task A_source_cannot_put_a_refresh_off_for_long(string retryAfter, string sign)
    {
        _host.Route("/api/release", http =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        var job = await BeginAsync("busy");
        // A year ends after an hour; what is long over puts off nothing, until all tries are used up.
        var seen = await Until.AsAsync(() => JobAsync(job), answer => answer[sign] is not null, sign);
        Assert.InRange(At(seen, sign), At(seen, "createdAt"), DateTimeOffset.UtcNow.AddMinutes(61));
    }

    [Fact]
    public async Task A_try_that_was_hurried_does_not_hurry_the_next_one()
    {
        var asked = 0;
        _host.Route("/api/release", http =>
        {
            http.Response.StatusCode = 503;
            // The first wait ends by being hurried alone.
            http.Response.Headers.RetryAfter = asked++ == 0 ? "3600" : "6";
            return Task.CompletedTask;
        });
        await using var app = new NetbootApp(new() { ["Images:Retries"] = "0" });
        var job = await BeginAsync("busy", app);
        await SeenAsync(answer => answer["notBefore"] is not null, "the first try to fail");
        Assert.Equal(job, (await app.Admin.PostAsync("/api/v1/images/busy/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"]);
        var second = await SeenAsync(answer => answer["attempt"] == "2" && answer["notBefore"] is not null,
            "the second try to fail");
        var third = await SeenAsync(answer => answer["attempt"] == "3", "the third try");
        Assert.InRange(At(third, "startedAt"), At(second, "notBefore").AddSeconds(-1), DateTimeOffset.MaxValue);

        Task<Answer> SeenAsync(Func<Answer, bool> good, string what) =>
            Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), good, what);
    }

    [Fact]
    public async Task A_state_that_no_job_has_is_told()
    {
        var refused = (await _app.Admin.GetAsync("/api/v1/jobs?state=done"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        Assert.Contains("queued, running, succeeded, failed, cancelled", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_tells_its_rate_and_the_time_left()
    {
        Hold(500_000 / 2);
        var job = await BeginAsync("first");
        var shown = await Until.AsAsync(() => JobAsync(job), answer =>
            answer.Json.TryGetProperty("progress", out var now)
            && now.TryGetProperty("secondsLeft", out _), "the time left");
        var progress = shown.Json.GetProperty("progress");
        Assert.True(progress.GetProperty("bytesPerSecond").GetInt64() > 0);
        Assert.True(progress.GetProperty("secondsLeft").GetInt64() > 0);
        _letGo.SetResult();
        var ended = await StateAsync(job, "succeeded");
        Assert.False(ended.Json.GetProperty("progress").TryGetProperty("bytesPerSecond", out _));
    }

    [Fact]
    public async Task An_image_that_is_removed_takes_its_job_and_its_bytes_with_it()
    {
        await StateAsync(await BeginAsync("first"), "succeeded");
        Assert.NotEmpty(Blobs());
        _release.Publish(X86, 7);
        Hold();
        var job = await BeginAsync("first");
        await StateAsync(job, "running");
        (await _app.Admin.DeleteAsync("/api/v1/images/first")).Is(HttpStatusCode.NoContent);
        await StateAsync(job, "cancelled");
        _letGo.SetResult();
        await Until.TrueAsync(() => Blobs().Count == 0, "the blobs to be gone");
        // A new image of the same name has a refresh of its own.
        await StateAsync(await BeginAsync("first"), "succeeded");
    }

    [Fact]
    public async Task Disk_use_counts_shared_bytes_once_and_what_was_not_fetched_not_at_all()
    {
        await StateAsync(await BeginAsync("first"), "succeeded");
        var netboot = FakeBoot.Kernel().Length + FakeBoot.Initrd(1).Length;
        Assert.Equal(netboot, await SizeAsync());
        // The second refresh brings the tarballs; a build with the same kernel shares it.
        await StateAsync(await BeginAsync("first"), "succeeded");
        var tarballs = FakeBoot.Tarball(1).Length + FakeBoot.Tarball(101).Length;
        Assert.Equal(netboot + tarballs, await SizeAsync());
        _release.Put($"initrd-{X86}", FakeBoot.Initrd(50));
        await StateAsync(await BeginAsync("first"), "succeeded");
        Assert.Equal(netboot + tarballs + FakeBoot.Initrd(50).Length, await SizeAsync());

        async Task<long> SizeAsync() => (await _app.Admin.GetAsync("/api/v1/images/first"))
            .Json.GetProperty("sizeBytes").GetInt64();
    }

    [Fact]
    public void A_log_that_is_full_still_says_how_it_ended()
    {
        var path = Path.Combine(_app.Data, "log");
        using (var log = new NetbootServer.Jobs.JobLog(path, 64 * 1024, TimeProvider.System))
        {
            for (var line = 0; line < 10_000; line++) log.Write($"line {line} of a talkative build");
            log.Write("Failed: the reason.");
        }
        var lines = File.ReadAllLines(path);
        Assert.True(new FileInfo(path).Length < 110 * 1024);
        Assert.EndsWith("line 0 of a talkative build", lines[0], StringComparison.Ordinal);
        Assert.Single(lines, line => line.Contains("Jobs:MaxLogBytes", StringComparison.Ordinal));
        Assert.Single(lines, line => line.EndsWith(" lines were left out …", StringComparison.Ordinal));
        Assert.EndsWith("Failed: the reason.", lines[^1], StringComparison.Ordinal);
    }

    private List<string> Blobs() =>
        [.. Directory.EnumerateFiles(Path.Combine(_app.Data, "blobs"), "*", SearchOption.AllDirectories)];

    /// <summary>From here on initrds stop before a byte, until they are let go.</summary>
    private void Hold(int at = 0)
    {
        _release.Stored($"initrd-{X86}").Write = async (http, rest) =>
        {
            await http.Response.Body.WriteAsync(rest[..at], http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await _letGo.Task.WaitAsync(http.RequestAborted);
            await http.Response.Body.WriteAsync(rest[at..], http.RequestAborted);
        };
    }

    private async Task<string> BeginAsync(string image, NetbootApp? elsewhere = null)
    {
        var admin = (elsewhere ?? _app).Admin;
        var made = await admin.PutAsync($"/api/v1/images/{image}",
            new { source = new { type = "release", url = _release.Url, api = _release.Api }, systems = new[] { X86 } });
        Assert.True(made.Status is HttpStatusCode.Created or HttpStatusCode.OK, made.ToString());
        return (await admin.PostAsync($"/api/v1/images/{image}/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"]!;
    }

    private Task<Answer> JobAsync(string id) => _app.Admin.GetAsync($"/api/v1/jobs/{id}");

    private Task<Answer> StateAsync(string id, string state) =>
        Until.AsAsync(() => JobAsync(id), answer => answer["state"] == state, $"the job to be {state}");

    private static DateTimeOffset At(Answer job, string member) =>
        DateTimeOffset.Parse(job[member]!, CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        _letGo.TrySetResult();
        await _app.DisposeAsync();
        await _host.DisposeAsync();
    }
}
