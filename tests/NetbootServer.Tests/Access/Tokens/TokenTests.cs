using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Access;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access.Tokens;

[Trait("category", "slow")]
public sealed class TokenTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly NetbootApp _app;

    public TokenTests() => _app = new([], services => services.AddSingleton<TimeProvider>(_clock));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_secret_is_shown_once_and_stored_nowhere()
    {
        var made = (await _app.Admin.PostAsync("/api/v1/tokens", """{"name":"ci","role":"operator"}"""))
            .Is(HttpStatusCode.Created);
        var secret = made["secret"]!;
        Assert.StartsWith("nbt_", secret, StringComparison.Ordinal);
        Assert.Equal($"/api/v1/tokens/{made["id"]}", made.Header("Location"));
        Assert.DoesNotContain(secret, (await _app.Admin.GetAsync("/api/v1/tokens")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, (await _app.Admin.GetAsync($"/api/v1/tokens/{made["id"]}")).Is(HttpStatusCode.OK)
            .Text, StringComparison.Ordinal);
        (await _app.WithSecret(secret).GetAsync("/api/v1/machines")).Is(HttpStatusCode.OK);
        foreach (var file in Directory.GetFiles(_app.Data, "netboot.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(secret, await reader.ReadToEndAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Faults_of_a_new_token_are_told_all_at_once()
    {
        var past = _clock.GetUtcNow().AddDays(-1);
        (await _app.Admin.PostAsync("/api/v1/tokens", new { role = "root", expiresAt = past, more = 1 }))
            .IsInvalidAt("$.name", "$.role", "$.expiresAt", "$.more");
    }

    [Fact]
    public async Task A_deleted_token_and_its_sessions_end_at_once()
    {
        var (caller, secret, id) = await _app.WithTokenAsync("operator");
        var session = await _app.LogInAsync(new { token = secret });
        (await caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.OK);
        (await session.Caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.OK);
        (await _app.Admin.DeleteAsync($"/api/v1/tokens/{id}")).Is(HttpStatusCode.NoContent);
        (await caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.Unauthorized);
        (await session.Caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.Unauthorized);
        (await _app.Admin.DeleteAsync($"/api/v1/tokens/{id}")).IsProblem(HttpStatusCode.NotFound, "not-found");
        Assert.Empty((await _app.Admin.GetAsync("/api/v1/tokens")).Items());
    }

    [Fact]
    public async Task An_expired_token_ends_with_its_sessions_even_while_it_is_cached()
    {
        var (caller, secret, _) = await _app.WithTokenAsync("viewer", _clock.GetUtcNow().AddSeconds(5));
        var session = await _app.LogInAsync(new { token = secret });
        (await caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.OK);
        (await session.Caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.OK);
        _clock.Advance(TimeSpan.FromSeconds(5));
        (await caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.Unauthorized);
        (await session.Caller.GetAsync("/api/v1/machines")).Is(HttpStatusCode.Unauthorized);
        (await _app.Machine.PostAsync("/api/v1/session", new { token = secret }))
            .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task The_last_use_is_written_down_later()
    {
        var (caller, _, id) = await _app.WithTokenAsync("viewer");
        await caller.GetAsync("/api/v1/machines");
        Assert.Null((await _app.Admin.GetAsync($"/api/v1/tokens/{id}"))["lastUsedAt"]);
        await _app.Services.GetRequiredService<AccessWorker>().CleanUpAsync(TestContext.Current.CancellationToken);
        Assert.NotNull((await _app.Admin.GetAsync($"/api/v1/tokens/{id}"))["lastUsedAt"]);
    }

    [Fact]
    public async Task Tokens_come_in_pages()
    {
        for (var i = 0; i < 5; i++)
            await _app.Admin.PostAsync("/api/v1/tokens", new { name = $"t{i}", role = "viewer" });
        var first = await _app.Admin.GetAsync("/api/v1/tokens?limit=3");
        var second = await _app.Admin.GetAsync($"/api/v1/tokens?limit=3&after={first["next"]}");
        Assert.Equal(["t0", "t1", "t2", "t3", "t4"], first.Items().Concat(second.Items())
            .Order(StringComparer.Ordinal));
        Assert.Null(second["next"]);
    }
}
