using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Api;
using NetbootServer.Jobs;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Jobs;

/// <summary>The queue by itself, with a work that only this test registers.</summary>
[Trait("category", "slow")]
public sealed class JobQueueTests : IAsyncDisposable
{
    private readonly TestWork _work = new();
    private readonly FaultyDatabase _database = new();
    private NetbootApp? _app;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetbootApp App => _app ??= Make(atOnce: 1);

    private JobQueue Queue => App.Services.GetRequiredService<JobQueue>();

    [Fact]
    public async Task Jobs_begin_in_the_order_of_their_requests()
    {
        _work.Hold("first");
        await RequestAsync("first");
        await Until.TrueAsync(() => _work.Begun.Count == 1, "the first to begin");
        string[] names = ["delta", "alpha", "charlie", "bravo"];
        foreach (var name in names) await RequestAsync(name);
        Assert.Equal(4, (await App.Admin.GetAsync("/api/v1/jobs?state=queued")).Items("id").Count);
        _work.LetGo("first");
        await Until.TrueAsync(() => _work.Finished.Count == 5, "all to end");
        Assert.Equal(["first", .. names], _work.Subjects);
    }

    [Fact]
    public async Task A_job_that_is_due_later_begins_then_and_holds_up_no_other()
    {
        var later = await RequestAsync("later", after: TimeSpan.FromSeconds(1.5));
        await RequestAsync("now");
        await Until.TrueAsync(() => _work.Finished.Count == 1, "the other to end");
        Assert.Equal(["now"], _work.Subjects);
        var ended = await EndedAsync(later.Id);
        var (due, began) = (later.NotBefore!.Value, At(ended, "startedAt"));
        Assert.InRange(began, due.AddMilliseconds(-1), due.AddSeconds(10));
        Assert.Equal("1", ended["attempt"]);
    }

    [Fact]
    public async Task Of_a_key_one_job_waits_or_runs_and_others_run_beside_it()
    {
        _app = Make(atOnce: 8);
        _work.Hold("same");
        var first = await RequestAsync("same");
        var second = await RequestAsync("same");
        Assert.Equal(first.Id, second.Id);
        await Until.TrueAsync(() => _work.Begun.Count == 1, "it to begin");
        Assert.Equal(first.Id, (await RequestAsync("same")).Id);
        await EndedAsync((await RequestAsync("other")).Id);
        _work.LetGo("same");
        await EndedAsync(first.Id);
        var again = await RequestAsync("same");
        Assert.NotEqual(first.Id, again.Id);
        await EndedAsync(again.Id);
        Assert.Equal(["same", "other", "same"], _work.Subjects);
    }

    [Fact]
    public async Task No_more_run_at_once_than_allowed()
    {
        _app = Make(atOnce: 3);
        var names = Enumerable.Range(0, 12).Select(i => $"node-{i}").ToList();
        foreach (var name in names) _work.Hold(name);
        foreach (var name in names) await RequestAsync(name);
        await Until.TrueAsync(() => _work.Begun.Count == 3, "three to begin");
        foreach (var name in names) _work.LetGo(name);
        await Until.TrueAsync(() => _work.Finished.Count == 12, "all to end");
        Assert.Equal(3, _work.Most);
    }

    [Fact]
    public async Task A_job_that_is_cancelled_while_it_waits_never_begins()
    {
        _work.Hold("first");
        await RequestAsync("first");
        var waiting = await RequestAsync("waiting");
        var later = await RequestAsync("later", after: TimeSpan.FromHours(1));
        foreach (var id in new[] { waiting.Id, later.Id })
            Assert.Equal("cancelled", (await App.Admin.DeleteAsync($"/api/v1/jobs/{id}"))
                .Is(HttpStatusCode.Accepted)["state"]);
        _work.LetGo("first");
        await EndedAsync((await RequestAsync("last")).Id);
        Assert.Equal(["first", "last"], _work.Subjects);
        Assert.Equal(["cancelled", "cancelled", "succeeded", "succeeded"], _work.Finished.Select(job => job.State));
    }

    [Fact]
    public async Task A_job_that_is_cancelled_while_it_runs_lets_the_next_begin()
    {
        _work.Hold("first");
        var first = await RequestAsync("first");
        var second = await RequestAsync("second");
        await Until.TrueAsync(() => _work.Begun.Count == 1, "the first to begin");
        (await App.Admin.DeleteAsync($"/api/v1/jobs/{first.Id}")).Is(HttpStatusCode.Accepted);
        await EndedAsync(second.Id);
        Assert.Equal("cancelled", (await App.Admin.GetAsync($"/api/v1/jobs/{first.Id}"))["state"]);
    }

    [Fact]
    public async Task A_moment_that_a_wrong_clock_has_set_is_not_waited_for()
    {
        await EndedAsync((await RequestAsync("node", after: TimeSpan.FromDays(20_000))).Id);
        Assert.Equal(["node"], _work.Subjects);
    }

    [Fact]
    public async Task A_work_gets_the_input_it_was_requested_with_also_when_a_user_retries_it()
    {
        var input = new Input("/nix/store/…-system", [1, 2, 3]);
        var request = new JobRequest(new("test", "node"), "test").With(input);
        var job = await Queue.RequestAsync(request, Ct);
        await EndedAsync(job.Id);
        var retry = (await App.Admin.PostAsync($"/api/v1/jobs/{job.Id}/retries", new { }))
            .Is(HttpStatusCode.Accepted)["id"]!;
        await EndedAsync(retry);
        Assert.NotEqual(job.Id, retry);
        Assert.Equal([job.Id, retry], _work.Begun.Select(begun => begun.Id));
        Assert.All(_work.Begun, begun => Assert.Equivalent(input, begun.Read<Input>(), strict: true));
        await EndedAsync((await RequestAsync("other")).Id);
        Assert.Null(_work.Begun.Last().Input);
        Assert.Null(_work.Begun.Last().Read<Input>());
    }

    [Fact]
    public async Task A_work_says_by_its_exception_whether_it_is_tried_again_and_its_alarm_is_its_own()
    {
        _app = Make(atOnce: 1, attempts: 2);
        _work.Fault = _ => new JobFailedException(ProblemTypes.InUse, "The tape is in use.") { Transient = true };
        var failed = await EndedAsync((await RequestAsync("node", isUnattended: true)).Id);
        Assert.Equal(("failed", "2", "test"), (failed["state"], failed["attempt"], failed["kind"]));
        Assert.Equal("The tape is in use.", failed.Json.GetProperty("problem").GetProperty("detail").GetString());
        Assert.Null(failed["image"]);
        var alarm = (await Until.AsAsync(() => App.Admin.GetAsync("/api/v1/alarms"),
            alarms => alarms.Items("kind").Contains("test-failing"), "the alarm")).Json.GetProperty("items")[0];
        Assert.Equal("node", alarm.GetProperty("subject").GetString());
        Assert.Equal("The test of machine node failed: The tape is in use.", alarm.GetProperty("detail").GetString());

        _work.Fault = _ => new JobFailedException(ProblemTypes.InUse, "The tape is torn.");
        Assert.Equal("1", (await EndedAsync((await RequestAsync("node")).Id))["attempt"]);
        _work.Fault = _ => new InvalidOperationException("A secret.");
        var fault = await EndedAsync((await RequestAsync("node")).Id);
        Assert.Equal("1", fault["attempt"]);
        Assert.DoesNotContain("A secret", fault.Text, StringComparison.Ordinal);
        _work.Fault = _ => new IOException("The disk is on fire.");
        var away = await EndedAsync((await RequestAsync("node")).Id);
        Assert.Equal(("failed", "2"), (away["state"], away["attempt"]));
        Assert.EndsWith("/storage-away", away.Json.GetProperty("problem").GetProperty("type").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_waits_follows_the_new_name_of_its_subject()
    {
        (await App.Admin.PutAsync("/api/v1/machines/before", """{"macs":["52:54:00:00:00:07"]}""")).Is(HttpStatusCode.Created);
        var job = await RequestAsync("before", after: TimeSpan.FromHours(1));
        (await App.Admin.PatchAsync("/api/v1/machines/before", """{"name":"after"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(job.Id, (await Queue.RequestNowAsync(new(new("test", "after"), "test"), Ct)).Id);
        await EndedAsync(job.Id);
        Assert.Equal(["after"], _work.Subjects);
    }

    [Fact]
    public async Task A_kind_that_no_feature_has_registered_fails_and_says_so()
    {
        var job = await Queue.RequestAsync(new(new("other", "node"), "test"), Ct);
        var failed = await EndedAsync(job.Id);
        Assert.Equal("failed", failed["state"]);
        Assert.Contains("no work of the kind 'other'", failed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_lost()
    {
        _work.Hold("running");
        var running = await RequestAsync("running");
        var waiting = await RequestAsync("waiting");
        await Until.TrueAsync(() => _work.Begun.Count == 1, "the first to begin");
        _database.IsAway = true;
        _work.LetGo("running");
        await Until.TrueAsync(() => App.Log.Printed.Any(line =>
            line.Contains("cannot take what became of the", StringComparison.Ordinal)), "the first attempt to write");
        Assert.Empty(_work.Finished);
        _database.IsAway = false;
        Assert.Equal("succeeded", (await EndedAsync(running.Id))["state"]);
        Assert.Equal("succeeded", (await EndedAsync(waiting.Id))["state"]);
        Assert.Equal(["running", "waiting"], _work.Subjects);
    }

    private sealed record Input(string Path, int[] Numbers);

    private NetbootApp Make(int atOnce, int attempts = 6) => new(new()
    {
        ["Images:MaxConcurrentJobs"] = $"{atOnce}", ["Jobs:MaxAttempts"] = $"{attempts}",
        ["Jobs:RetryAfter"] = "00:00:00.050",
    }, services =>
    {
        services.AddSingleton<JobWork>(_work);
        _database.Register(services);
    });

    private Task<Job> RequestAsync(string subject, TimeSpan? after = null, bool isUnattended = false) =>
        Queue.RequestAsync(
        new(new("test", subject), "test") { NotBefore = DateTimeOffset.UtcNow + after, Unattended = isUnattended }, Ct);

    private Task<Answer> EndedAsync(string id) => Until.AsAsync(() => App.Admin.GetAsync($"/api/v1/jobs/{id}"),
        job => job["endedAt"] is not null, $"job {id} to end");

    private static DateTimeOffset At(Answer job, string member) =>
        DateTimeOffset.Parse(job[member]!, CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }
}
