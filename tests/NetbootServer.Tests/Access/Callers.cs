using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Access;

/// <summary>Ways to become somebody.</summary>
internal static partial class Callers
{
    /// <summary>A caller with a new token of that role; the token's secret and id.</summary>
    public static async Task<(Caller Caller, string Secret, string Id)> WithTokenAsync(
        this NetbootApp app, string role, DateTimeOffset? expiresAt = null)
    {
        var made = (await app.Admin.PostAsync("/api/v1/tokens", new { name = $"a {role}", role, expiresAt }))
            .Is(HttpStatusCode.Created);
        return (app.WithSecret(made["secret"]!), made["secret"]!, made["id"]!);
    }

    public static Caller WithSecret(this NetbootApp app, string secret)
    {
        var caller = app.Machine;
        caller.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return caller;
    }

    /// <summary>A caller with a session: the cookie is sent by itself, the CSRF token is not.</summary>
    public static async Task<LoggedIn> LogInAsync(this NetbootApp app, object? with = null,
        params (string, string)[] headers)
    {
        var answer = await app.Machine.PostAsync("/api/v1/session", with ?? new { token = NetbootApp.Token }, headers);
        answer.Is(HttpStatusCode.OK);
        var set = answer.Header("Set-Cookie")!;
        var cookie = CookiePair().Match(set).Value;
        var caller = app.Machine;
        caller.Client.DefaultRequestHeaders.Add("Cookie", cookie);
        return new(caller, cookie, answer["csrfToken"]!, set, answer);
    }

    [GeneratedRegex("^[^;]+")]
    private static partial Regex CookiePair();
}

/// <summary>Somebody with a session.</summary>
internal sealed record LoggedIn(Caller Caller, string Cookie, string CsrfToken, string SetCookie, Answer Answer)
{
    public (string, string) Csrf => ("X-CSRF-Token", CsrfToken);

    public string Secret => Cookie.Split('=', 2)[1];
}
