using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Access;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access.Sessions;

[Trait("category", "slow")]
public sealed class SessionTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly NetbootApp _app;

    public SessionTests() => _app = new([], services => services.AddSingleton<TimeProvider>(_clock));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private string PasswordFile => Path.Combine(_app.Data, "initial-admin-password");

    [Fact]
    public async Task The_first_password_lies_in_a_private_file_that_goes_at_the_first_log_in()
    {
        (await _app.Machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PasswordFile));
        var password = (await File.ReadAllTextAsync(PasswordFile, TestContext.Current.CancellationToken)).Trim();
        (await _app.Machine.PostAsync("/api/v1/session", new { password = "wrong" })).Is(HttpStatusCode.Unauthorized);
        Assert.True(File.Exists(PasswordFile));
        var session = await _app.LogInAsync(new { password });
        Assert.False(File.Exists(PasswordFile));
        Assert.Equal("admin", (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.OK)["role"]);
        await _app.LogInAsync(new { password });
    }

    [Fact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_other_sites()
    {
        var session = await _app.LogInAsync();
        Assert.StartsWith("netboot-session=", session.SetCookie, StringComparison.Ordinal);
        Assert.Contains("httponly", session.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", session.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", session.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", session.SetCookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_change_by_cookie_needs_the_sessions_own_CSRF_token()
    {
        var (mine, other) = (await _app.LogInAsync(), await _app.LogInAsync());
        const string Path = "/api/v1/machines/m1", Body = """{"macs":["52:54:00:00:00:01"]}""";
        (await mine.Caller.PutAsync(Path, Body)).IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
        (await mine.Caller.PutAsync(Path, Body, ("X-CSRF-Token", "")))
            .IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
        (await mine.Caller.PutAsync(Path, Body, other.Csrf)).IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
        (await _app.Admin.GetAsync(Path)).Is(HttpStatusCode.NotFound);
        (await mine.Caller.PutAsync(Path, Body, mine.Csrf)).Is(HttpStatusCode.Created);
        (await mine.Caller.GetAsync(Path)).Is(HttpStatusCode.OK);
        Assert.Equal(mine.CsrfToken, (await mine.Caller.GetAsync("/api/v1/session"))["csrfToken"]);
    }

    [Fact]
    public async Task Every_change_in_the_document_needs_it()
    {
        var session = await _app.LogInAsync();
        foreach (var operation in (await ApiDocument.OperationsAsync(_app))
            .Where(operation => operation is { Changes: true, Role: not "anyone" }))
            (await operation.AskAsync(session.Caller)).IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
        (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("http://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("http://localhost", true)]
    public async Task Only_an_own_page_may_log_a_browser_in(string origin, bool own)
    {
        var answer = await _app.Machine.PostAsync("/api/v1/session", new { token = NetbootApp.Token },
            ("Origin", origin));
        if (own) answer.Is(HttpStatusCode.OK);
        else answer.IsProblem(HttpStatusCode.Forbidden, "csrf-missing");
    }

    [Fact]
    public async Task A_secret_that_somebody_else_chose_never_becomes_a_session()
    {
        const string Planted = "netboot-session=planted-by-an-attacker-planted-by-an-attacker";
        var session = await _app.LogInAsync(null, ("Cookie", Planted));
        Assert.NotEqual(Planted, session.Cookie);
        (await _app.Machine.SendAsync(HttpMethod.Get, "/api/v1/session", null, ("Cookie", Planted)))
            .Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Logging_in_again_makes_a_new_secret_and_ends_the_old_one()
    {
        var first = await _app.LogInAsync();
        var second = await _app.LogInAsync(null, ("Cookie", first.Cookie));
        Assert.NotEqual(first.Cookie, second.Cookie);
        (await first.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.Unauthorized);
        (await second.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Logging_out_ends_the_session_everywhere()
    {
        var session = await _app.LogInAsync();
        var copy = _app.Machine;
        copy.Client.DefaultRequestHeaders.Add("Cookie", session.Cookie);
        (await session.Caller.DeleteAsync("/api/v1/session", session.Csrf)).Is(HttpStatusCode.NoContent);
        (await copy.GetAsync("/api/v1/session")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Use_prolongs_a_session_but_not_for_ever()
    {
        var session = await _app.LogInAsync();
        var worker = _app.Services.GetRequiredService<AccessWorker>();
        for (var hours = 0; hours < 7 * 24 - 10; hours += 10)
        {
            (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.OK);
            await worker.CleanUpAsync(TestContext.Current.CancellationToken);
            // The worker's own round of the last hours may have taken it up, and be at it still.
            await Until.AsAsync(() => _app.Admin.GetAsync("/api/v1/sessions"), list => list.Json.GetProperty("items")[0]
                .GetProperty("lastUsedAt").GetDateTimeOffset() >= Floor(_clock.GetUtcNow()),
                "its use to be written down");
            _clock.Advance(TimeSpan.FromHours(10));
        }
        _clock.Advance(TimeSpan.FromHours(10));
        (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.Unauthorized);
    }

    /// <summary>As instants are stored.</summary>
    private static DateTimeOffset Floor(DateTimeOffset at) =>
        DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());

    [Fact]
    public async Task A_session_that_nobody_uses_ends()
    {
        var session = await _app.LogInAsync();
        _clock.Advance(TimeSpan.FromHours(12));
        (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_admin_sees_and_ends_sessions()
    {
        var (_, secret, _) = await _app.WithTokenAsync("operator");
        var session = await _app.LogInAsync(new { token = secret });
        var list = (await _app.Admin.GetAsync("/api/v1/sessions")).Is(HttpStatusCode.OK);
        Assert.Equal(["a operator"], list.Items());
        Assert.DoesNotContain(session.Secret, list.Text, StringComparison.Ordinal);
        (await session.Caller.GetAsync("/api/v1/sessions")).Is(HttpStatusCode.Forbidden);
        (await _app.Admin.DeleteAsync($"/api/v1/sessions/{list.Items("id")[0]}")).Is(HttpStatusCode.NoContent);
        (await session.Caller.GetAsync("/api/v1/session")).Is(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Wrong_tries_wait_ever_longer_and_the_account_is_never_locked()
    {
        var wrong = new { password = "wrong" };
        for (var i = 0; i < 4; i++)
            (await _app.Machine.PostAsync("/api/v1/session", wrong))
                .IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        var refused = (await _app.Machine.PostAsync("/api/v1/session", wrong))
            .IsProblem(HttpStatusCode.TooManyRequests, "slow-down");
        var wait = int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(wait, 1, 60);
        var password = (await File.ReadAllTextAsync(PasswordFile, TestContext.Current.CancellationToken)).Trim();
        (await _app.Machine.PostAsync("/api/v1/session", new { password })).Is(HttpStatusCode.TooManyRequests);
        _clock.Advance(TimeSpan.FromSeconds(wait));
        await _app.LogInAsync(new { password });
    }

    [Fact]
    public async Task Tries_at_once_count_like_tries_one_after_another()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => _app.Machine.PostAsync("/api/v1/session", new { password = "wrong" })));
        Assert.Equal(4, answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized));
        Assert.Equal(16, answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Many_good_log_ins_at_once_all_succeed()
    {
        (await _app.Machine.GetAsync("/healthz")).Is(HttpStatusCode.OK);
        var password = (await File.ReadAllTextAsync(PasswordFile, TestContext.Current.CancellationToken)).Trim();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(_ => _app.Machine.PostAsync("/api/v1/session", new { password })));
        Assert.All(answers, answer => answer.Is(HttpStatusCode.OK));
    }
}
