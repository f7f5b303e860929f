using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Jobs;
using NetbootServer.Sources;
using NetbootServer.Tests.Access;

namespace NetbootServer.Tests.Jobs;

public sealed class JobAuditTests : IAsyncDisposable
{
    private readonly JobHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Asking_for_jobs_and_cancelling_them_stands_in_the_audit()
    {
        var ct = TestContext.Current.CancellationToken;
        await _host.MakeAsync("i");
        var (ben, _, _) = await _host.App.WithTokenAsync("operator");
        // Jobs that wait, so that there is something to hurry and to cancel.
        var queue = _host.App.Services.GetRequiredService<JobQueue>();
        var later = new JobRequest(Refreshes.KeyOf("i"), "schedule") { NotBefore = DateTimeOffset.UtcNow.AddDays(1) };
        var waiting = (await queue.RequestAsync(later, ct)).Id;
        (await ben.DeleteAsync($"/api/v1/jobs/{waiting}")).Is(HttpStatusCode.Accepted);
        (await ben.DeleteAsync($"/api/v1/jobs/{waiting}")).Is(HttpStatusCode.Accepted); // ended: nothing happens
        var retried = (await ben.PostAsync($"/api/v1/jobs/{waiting}/retries", new { }))
        .Is(HttpStatusCode.Accepted)["id"]!;
        await _host.EndedAsync(retried);
        await queue.RequestAsync(later, ct);
        var hurried = (await ben.PostAsync("/api/v1/images/i/refreshes", new { })).Is(HttpStatusCode.Accepted)["id"]!;
        await _host.EndedAsync(hurried);
        var scrub = (await ben.PostAsync("/api/v1/scrubs", new { })).Is(HttpStatusCode.Accepted)["id"]!;
        await _host.EndedAsync(scrub);
        Assert.Equal(
            ["server create refresh i", "a operator cancel refresh i", "a operator create refresh i",
                "server create refresh i", "a operator change refresh i", "a operator create scrub blobs"],
            await DeedsAsync("refresh", "scrub"));
        var entry = (await _host.App.Admin.GetAsync("/api/v1/audit?kind=scrub")).Json.GetProperty("items")[0];
        Assert.Equal(scrub, entry.GetProperty("after").GetProperty("job").GetString());
    }

    [Fact]
    public async Task What_retention_lets_go_of_stands_in_the_audit()
    {
        await _host.MakeAsync("i", keep: 1);
        var first = (await _host.RefreshAsync("i"))["version"];
        _host.Put(2);
        await _host.RefreshAsync("i");
        await Until.AsAsync(() => DeedsAsync("version"), deeds =>
            deeds.Contains($"server delete version i@{first}"),
            "the version to go");
    }

    private async Task<IReadOnlyList<string>> DeedsAsync(params string[] kinds)
    {
        var items = (await _host.App.Admin.GetAsync("/api/v1/audit?limit=1000")).Is(HttpStatusCode.OK)
            .Json.GetProperty("items");
        return [.. items.EnumerateArray().Reverse().Where(entry => kinds.Contains(Text(entry, "kind")))
            .Select(entry => $"{Text(entry, "who")} {Text(entry, "verb")} {Text(entry, "kind")} " +
            $"{Text(entry, "name")}")];
    }

    private static string Text(JsonElement entry, string member) => entry.GetProperty(member).GetString()!;
}
