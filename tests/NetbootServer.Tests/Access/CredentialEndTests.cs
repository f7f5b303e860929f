using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NetbootServer.Access.Passwords;
using NetbootServer.Jobs;
using NetbootServer.Operations;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Serving.Bodies;

namespace NetbootServer.Tests.Access;

/// <summary>
/// On a real socket: what is still being answered ends with the token or session that it was asked with.
/// </summary>
[Trait("category", "slow")]
public sealed class CredentialEndTests(CredentialEndTests.Host host) : IClassFixture<CredentialEndTests.Host>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5), Step = TimeSpan.FromSeconds(1);

    public enum End
    {
        TokenDeleted, TokenExpired, LoggedOut, SessionEnded, SessionOver, SessionsTokenDeleted,
        PasswordReset
    }

    public static TheoryData<End, string> EndsOfStreams => [.. from end in Enum.GetValues<End>()
                                                              from stream in (string[])["/api/v1/events", "log"]
                                                              select new TheoryDataRow<End, string>(end, stream)];

    [Theory]
    [MemberData(nameof(EndsOfStreams))]
    public async Task A_stream_ends_soon_after(End end, string stream)
    {
        var ct = TestContext.Current.CancellationToken;
        var path = stream == "log" ? $"/api/v1/jobs/{await WaitingJobAsync()}/log?follow=true" : stream;
        var (proof, happen) = await CredentialAsync(end);
        using var client = await RawClient.ConnectAsync(host.Url);
        await client.GetAsync(new(host.Url, path), proof + "Connection: close\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        var rest = client.ReadUpToAsync(1 << 20);
        for (var i = 0; i < 20; i++) await PassAsync(Step);
        Assert.False(rest.IsCompleted, "It ended although its credential is good.");
        await happen();
        var since = host.Clock.GetUtcNow();
        while (!rest.IsCompleted)
        {
            Assert.True(host.Clock.GetUtcNow() - since < Soon, $"It goes on {Soon} after the end of its credential.");
            await PassAsync(Step);
            await Task.WhenAny(rest, Task.Delay(TimeSpan.FromSeconds(0.2), ct));
        }
        // A log that is cut must not look like one that came to its end: then the last chunk would be empty.
        if (stream == "log")
            Assert.DoesNotContain("0\r\n\r\n", Encoding.UTF8.GetString(await rest), StringComparison.Ordinal);
        using var again = await RawClient.ConnectAsync(host.Url);
        await again.GetAsync(new(host.Url, path), proof);
        Assert.Equal(401, (await again.ReadHeadAsync()).Status);
    }

    [Fact]
    public async Task An_upload_under_way_is_refused_and_leaves_nothing()
    {
        (await host.Admin.PutAsync("/api/v1/images/i", """{"source":{"type":"upload"}}""")).Is(HttpStatusCode.Created);
        var (proof, happen) = await CredentialAsync(End.TokenDeleted);
        using var client = await RawClient.ConnectAsync(host.Url);
        await client.SendAsync($"POST /api/v1/images/i/versions HTTP/1.1\r\nHost: {host.Url.Authority}\r\n{proof}" +
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999999\r\n\r\n" +
            "--b\r\nContent-Disposition: form-data; name=\"x86_64-linux/initrd\"; filename=\"i\"\r\n\r\n070701" +
            new string('0', 4096));
        var head = client.ReadHeadAsync();
        for (var i = 0; i < 5; i++) await PassAsync(Step);
        Assert.False(head.IsCompleted, head.IsCompleted ? $"It was answered {(await head).Status} before it was there."
            : "");
        await happen();
        while (!head.IsCompleted)
        {
            await PassAsync(Step);
            await Task.WhenAny(head, Task.Delay(TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken));
        }
        Assert.Equal(401, (await head).Status);
        Assert.Empty((await host.Admin.GetAsync("/api/v1/images/i/versions")).Is(HttpStatusCode.OK).Items("id"));
    }

    private Task PassAsync(TimeSpan time) => host.PassAsync(time);

    /// <summary>A header that proves a caller, and how its credential comes to its end.</summary>
    private async Task<(string Header, Func<Task> Happen)> CredentialAsync(End end)
    {
        var made = (await host.Admin.PostAsync("/api/v1/tokens",
            new
            {
                name = "t", role = "admin", expiresAt = end == End.TokenExpired ? host.Clock.GetUtcNow()
                .AddMinutes(1) : (DateTimeOffset?)null
            }))
            .Is(HttpStatusCode.Created);
        Func<Task> delete = async () =>
            (await host.Admin.DeleteAsync($"/api/v1/tokens/{made["id"]}")).Is(HttpStatusCode.NoContent);
        var bearer = $"Authorization: Bearer {made["secret"]}\r\n";
        if (end == End.TokenDeleted) return (bearer, delete);
        if (end == End.TokenExpired) return (bearer, () => PassAsync(TimeSpan.FromMinutes(1)));
        object with = end == End.PasswordReset
            ? new
            {
                password = (await File.ReadAllTextAsync(Path.Combine(host.App.Data, "initial-admin-password"),
                    TestContext.Current.CancellationToken)).Trim(),
            }
            : new { token = made["secret"] };
        using var stranger = ListeningApp.Ask(host.Url.AbsoluteUri, token: null);
        var session = (await stranger.PostAsync("/api/v1/session", with)).Is(HttpStatusCode.OK);
        var cookie = session.Header("Set-Cookie")!.Split(';')[0];
        return ($"Cookie: {cookie}\r\n", end switch
        {
            End.LoggedOut => async () => (await LogOutAsync(cookie, session["csrfToken"]!))
                .Is(HttpStatusCode.NoContent),
            End.SessionEnded => async () =>
                (await host.Admin.DeleteAsync($"/api/v1/sessions/{session["id"]}")).Is(HttpStatusCode.NoContent),
            End.SessionOver => () => PassAsync(TimeSpan.FromHours(12)),
            End.SessionsTokenDeleted => delete,
            _ => () => ResetPassword.RunAsync(["--DataDirectory", host.App.Data]),
        });
    }

    private async Task<Answer> LogOutAsync(string cookie, string csrf)
    {
        using var caller = ListeningApp.Ask(host.Url.AbsoluteUri, token: null, new() { UseCookies = false });
        return await caller.DeleteAsync("/api/v1/session", ("Cookie", cookie), ("X-CSRF-Token", csrf));
    }

    /// <summary>A job whose turn comes never.</summary>
    private async Task<string> WaitingJobAsync() =>
        (await host.App.Services.GetRequiredService<JobQueue>().RequestAsync(
        new(ScrubWork.Key, "test") { NotBefore = host.Clock.GetUtcNow().AddDays(9) },
        TestContext.Current.CancellationToken)).Id;

    /// <summary>The product on a socket, with a clock that goes as the tests let it.</summary>
    public sealed class Host : IAsyncDisposable
    {
        public Host()
        {
            App = new(new() { ["Urls"] = Url.GetLeftPart(UriPartial.Authority) },
                services => services.AddSingleton<TimeProvider>(Clock));
            App.UseKestrel();
            App.StartServer();
            Admin = ListeningApp.Ask(Url.AbsoluteUri);
        }

        public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

        public Uri Url { get; } = new($"http://127.0.0.1:{Ports.Free()}");

        public NetbootApp App { get; }

        public Caller Admin { get; }

        /// <summary>Lets time pass, and those who wait for it run.</summary>
        public async Task PassAsync(TimeSpan time)
        {
            Clock.Advance(time);
            await Task.Delay(10, CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            Admin.Dispose();
            // What is still being answered is waited for by the clock, too.
            for (var end = App.DisposeAsync().AsTask(); !end.IsCompleted;) await PassAsync(Step);
        }
    }
}
