using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Access;
using NetbootServer.Access.Auditing;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access.Auditing;

[Trait("category", "slow")]
public sealed class AuditTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly NetbootApp _app;

    public AuditTests() => _app = new([], services => services.AddSingleton<TimeProvider>(_clock));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Every_change_stands_there_with_who_what_before_and_after()
    {
        var (ben, _, tokenId) = await _app.WithTokenAsync("admin");
        await ben.MakeImageAsync("i", arguments: "init=/one");
        var second = await ben.AddVersionAsync("i", 2);
        await ben.PutAsync("/api/v1/images/i/current", """{"version":"newest","hold":true}""");
        await ben.PutAsync("/api/v1/profiles/p", """{"image":"i","after":"local"}""");
        await ben.PatchAsync("/api/v1/profiles/p", """{"priority":3}""");
        await ben.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:00:01"]}""");
        await ben.PatchAsync("/api/v1/machines/m", """{"notes":"moved"}""");
        await ben.PatchAsync("/api/v1/machines/m", """{"notes":"moved"}"""); // changes nothing
        await ben.PutAsync("/api/v1/machines/m/next-boot", """{"action":"local"}""");
        await ben.DeleteAsync("/api/v1/machines/m/next-boot");
        await ben.DeleteAsync("/api/v1/machines/m/completion"); // there is none
        await ben.DeleteAsync("/api/v1/machines/m");
        await ben.DeleteAsync("/api/v1/profiles/p");
        await ben.DeleteAsync("/api/v1/images/i");
        await ben.PutAsync("/api/v1/machines/bad", """{"macs":["nonsense"]}"""); // refused
        var mine = (await _app.Admin.GetAsync("/api/v1/audit?who=a%20admin")).Is(HttpStatusCode.OK)
            .Json.GetProperty("items");
        string[] expected =
        [
            "create image i", $"create version i@", "create current i", "create version i@", "change current i",
                "change current i",
            "create profile p", "change profile p", "create machine m", "change machine m", "create next-boot m",
            "delete next-boot m", "delete machine m", "delete profile p", "delete image i",
        ];
        Assert.Equal(expected, mine.EnumerateArray().Reverse().Select(Deed)
            .Select(deed => deed.Split('@') is [var head, _] ? head + "@" : deed));
        Assert.Contains(mine.EnumerateArray(), entry => Deed(entry) == $"create version i@{second}");
        var changed = mine.EnumerateArray().Single(entry => Deed(entry) == "change machine m");
        Assert.False(changed.GetProperty("before").TryGetProperty("notes", out _));
        Assert.Equal("moved", changed.GetProperty("after").GetProperty("notes").GetString());
        Assert.Equal("admin", changed.GetProperty("role").GetString());
        Assert.Equal("create token a admin",
            Deed((await _app.Admin.GetAsync("/api/v1/audit?kind=token")).Json.GetProperty("items")[0]));
        await _app.Admin.DeleteAsync($"/api/v1/tokens/{tokenId}");
        Assert.Equal("delete token a admin",
            Deed((await _app.Admin.GetAsync("/api/v1/audit?kind=token")).Json.GetProperty("items")[0]));
    }

    [Fact]
    public async Task Log_ins_stand_there_refused_or_not()
    {
        await _app.Machine.PostAsync("/api/v1/session", """{"password":"a wrong guess"}""");
        await _app.Machine.PostAsync("/api/v1/session", """{"token":"another wrong guess"}""");
        var session = await _app.LogInAsync();
        await session.Caller.DeleteAsync("/api/v1/session", session.Csrf);
        var entries = (await _app.Admin.GetAsync("/api/v1/audit?kind=session")).Json.GetProperty("items");
        Assert.Equal(["refuse session password", "refuse session token", "create session admin-token",
            "delete session admin-token"],
            entries.EnumerateArray().Reverse().Select(Deed));
        Assert.Equal(["stranger", "stranger", "admin-token", "admin-token"],
            entries.EnumerateArray().Reverse().Select(entry => entry.GetProperty("who").GetString()));
        Assert.Equal(["create password admin"],
            (await _app.Admin.GetAsync("/api/v1/audit?who=server")).Json.GetProperty("items").EnumerateArray()
                .Select(Deed));
    }

    [Fact]
    public async Task It_is_paged_and_filtered()
    {
        var start = _clock.GetUtcNow();
        for (var i = 0; i < 5; i++)
        {
            await _app.Admin.PutAsync($"/api/v1/machines/m{i}", new { macs = new[] { $"52:54:00:00:00:0{i}" } });
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
        var first = await _app.Admin.GetAsync("/api/v1/audit?kind=machine&limit=2");
        var rest = await _app.Admin.GetAsync($"/api/v1/audit?kind=machine&after={first["next"]}");
        Assert.Equal(["m4", "m3", "m2", "m1", "m0"], first.Items().Concat(rest.Items()));
        Assert.Equal(["m2"], (await _app.Admin.GetAsync("/api/v1/audit?kind=machine&name=m2")).Items());
        var (since, until) = (start.AddSeconds(30), start.AddSeconds(150));
        Assert.Equal(["m2", "m1"], (await _app.Admin.GetAsync(
            $"/api/v1/audit?since={since:yyyy-MM-ddTHH:mm:ssZ}&until={until:yyyy-MM-ddTHH:mm:ssZ}")).Items());
        Assert.Empty((await _app.Admin.GetAsync("/api/v1/audit?kind=machine&verb=delete")).Items());
        (await _app.Admin.GetAsync("/api/v1/audit?since=yesterday"))
            .IsProblem(HttpStatusCode.BadRequest, "malformed-request");
    }

    [Fact]
    public async Task It_is_kept_for_its_time()
    {
        await using var app = new NetbootApp(new() { ["Access:AuditDays"] = "1" }, services =>
            services.AddSingleton<TimeProvider>(_clock));
        await app.Admin.PutAsync("/api/v1/machines/m", """{"macs":["52:54:00:00:00:01"]}""");
        var worker = app.Services.GetRequiredService<AccessWorker>();
        _clock.Advance(TimeSpan.FromHours(23));
        await worker.CleanUpAsync(TestContext.Current.CancellationToken);
        Assert.Single((await app.Admin.GetAsync("/api/v1/audit?kind=machine")).Items());
        _clock.Advance(TimeSpan.FromHours(2));
        await worker.CleanUpAsync(TestContext.Current.CancellationToken);
        Assert.Empty((await app.Admin.GetAsync("/api/v1/audit")).Items());
    }

    [Theory]
    [InlineData("""{"rootPasswordHash":"S3CRET"}""")]
    [InlineData("""{"hostKeys":[{"type":"ed25519","private":"S3CRET","public":"p"}]}""")]
    [InlineData("""{"files":[{"path":"/etc/x","content":"S3CRET","secret":true}]}""")]
    [InlineData("""{"files":[{"path":"/etc/x","contentBase64":"S3CRET","secret":true}]}""")]
    [InlineData("""{"source":{"type":"release","url":"https://user:S3CRET@example.org/x"}}""")]
    [InlineData("""{"deep":{"er":[{"token":"S3CRET"}]}}""")]
    public void Secrets_are_left_out(string json)
    {
        using var document = JsonDocument.Parse(json);
        var written = Redaction.Write(document.RootElement)!;
        Assert.DoesNotContain("S3CRET", written, StringComparison.Ordinal);
        Assert.Contains("(secret)", written, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_secret_stays()
    {
        using var document = JsonDocument.Parse("""{"files":[{"path":"/etc/motd","content":"hello","secret":false}],"url":"https://example.org:8443/a@b"}""");
        Assert.Equal(document.RootElement.GetRawText(), Redaction.Write(document.RootElement));
    }

    private static string Deed(JsonElement entry) =>
        $"{entry.GetProperty("verb")} {entry.GetProperty("kind")} {entry.GetProperty("name")}";
}
