using System.Net;
using NetbootServer.Tests.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Api;

/// <summary>A change that is only tried gets the answer that it would get, and leaves no trace.</summary>
public sealed class DryRunTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Theory]
    [InlineData("images", """{"source":{"type":"upload"}}""", """{"keep":7}""", "keep", """{"keep":0}""")]
    [InlineData("profiles", """{"image":"shown"}""", """{"priority":7}""", "priority", """{"priority":"x"}""")]
    [InlineData("machines", """{"macs":["52:54:00:d0:00:01"]}""", """{"notes":"seen"}""", "notes",
        """{"overlay":{"hostname":"not one","files":[{"path":"relative","content":""}]}}""")]
    public async Task It_is_answered_as_it_would_be_and_changes_nothing(
        string kind, string whole, string merge, string member, string faulty)
    {
        var path = $"/api/v1/{kind}/tried";
        await _admin.PutAsync("/api/v1/images/shown", """{"source":{"type":"upload"}}""");
        await using var live = await LiveEvents.OpenAsync(app, "");
        var made = (await _admin.PutAsync($"{path}?dryRun=true", whole)).Is(HttpStatusCode.OK);
        Assert.Equal(("tried", null), (made["name"], made.ETag));
        (await _admin.GetAsync(path)).IsProblem(HttpStatusCode.NotFound, "not-found");
        (await _admin.PatchAsync($"{path}?dryRun=true", merge)).IsProblem(HttpStatusCode.NotFound, "not-found");

        (await _admin.PutAsync(path, whole)).Is(HttpStatusCode.Created);
        var before = await _admin.GetAsync(path);
        Assert.Equal(merge.Split(':')[1].Trim('"', '}'),
            (await _admin.PatchAsync($"{path}?dryRun=true", merge)).Is(HttpStatusCode.OK)[member]);
        (await _admin.PatchAsync($"{path}?dryRun=true", """{"name":"renamed"}""")).Is(HttpStatusCode.OK);
        (await _admin.PatchAsync($"{path}?dryRun=true", merge, ("If-Match", "\"77\"")))
            .IsProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        var refused = await _admin.PatchAsync($"{path}?dryRun=true", faulty);
        Assert.Equal((await _admin.PatchAsync(path, faulty)).Json.GetProperty("errors").GetRawText(),
            refused.IsProblem(HttpStatusCode.UnprocessableEntity, "invalid").Json.GetProperty("errors")
                .GetRawText());
        (await _admin.PatchAsync($"{path}?dryRun=maybe", merge))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
        Assert.Equal(before.Text, (await _admin.GetAsync(path)).Text);
        Assert.Equal(["create"], (await _admin.GetAsync($"/api/v1/audit?name=tried&kind={kind[..^1]}")).Items("verb"));

        // No event tells of another revision.
        (await _admin.PatchAsync($"{path}?dryRun=false", merge)).Is(HttpStatusCode.OK);
        string seen;
        do
        {
            seen = (await live.NextAsync()).Data;
            Assert.DoesNotContain("renamed", seen, StringComparison.Ordinal);
        }
        while (!seen.Contains("\"revision\":2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_is_only_tried_is_not_stored_and_arms_no_release()
    {
        const string Path = "/api/v1/machines/secretive";
        (await _admin.PutAsync(Path, new { macs = new[] { "52:54:00:d0:00:02" }, secretRelease = "once" }))
            .Is(HttpStatusCode.Created);
        var tried = await _admin.PatchAsync($"{Path}?dryRun=true", new
        {
            overlay = new { files = new[] { new { path = "/etc/key", content = "s3cr3t", secret = true } } },
        });
        Assert.DoesNotContain("s3cr3t", tried.Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        Assert.Contains("fingerprint", tried.Text, StringComparison.Ordinal);
        Assert.Null((await _admin.GetAsync(Path))["overlay"]);
    }
}
