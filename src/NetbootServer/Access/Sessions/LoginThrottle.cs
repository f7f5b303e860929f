using System.Globalization;
using NetbootServer.Access.Auditing;
using NetbootServer.Access.Passwords;
using NetbootServer.Access.Tokens;
using NetbootServer.Api;
using NetbootServer.Hosting;
using NetbootServer.Serving;
using NetbootServer.Storage;

namespace NetbootServer.Access.Sessions;

/// <summary>Judges who wants to log in. Every judged try stands in the audit, refused or not.</summary>
internal sealed class LoginThrottle(AdminPassword password, AdminTokenSetting adminToken, TokenStore tokens,
    LoginDelay delay, PublicUrl url, Database database, Audit audit)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether the request comes from a program, or from a page of this very server: another site must not log a
    /// browser in here under an account of its own.
    /// </summary>
    public bool IsOwnPage(HttpRequest request)
    {
        if (request.Headers.Origin.ToString() is not { Length: > 0 } origin) return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && (Same(page.Host, request.Host.Host) || (url.Fixed is { } own && Same(page.Host, new Uri(own).Host)));
    }

    public static Problem OtherPage() =>
        new(ProblemTypes.CsrfMissing, "The Origin header names another site; log in from this server's own page.");

    /// <summary>Who it is, or the refusal. Tries of one address are judged one after another.</summary>
    public async Task<(LogIn? LogIn, Problem? Refusal)> JudgeAsync(
        LogInRequest request, HttpContext http, CancellationToken ct)
    {
        var address = ClientAddress.Of(http);
        using var turn = await delay.TurnAsync(address, ct);
        if (delay.Wait(address) is { } seconds) return (null, SlowDown(http, seconds));
        LogIn? logIn;
        try
        {
            logIn = request.Password is { } text
                ? await ByPasswordAsync(text, ct)
                : await ByTokenAsync(request.Token!, ct);
        }
        catch (HashingBusyException)
        {
            http.Response.Headers.RetryAfter = Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return (null, new(ProblemTypes.NotNow, "Too many log-ins are being checked at the moment."));
        }
        delay.Note(address, good: logIn is not null);
        if (logIn is not null) return (logIn, null);
        var means = request.Password is null ? "token" : "password";
        await database.WriteAsync((db, _) =>
        {
            audit.Add(db, new("refuse", "session", means));
            return Task.FromResult(true);
        }, ct);
        return (null, new(ProblemTypes.Unauthenticated,
            means == "token" ? "The token is unknown or has expired." : "The password is wrong."));
    }

    private async Task<LogIn?> ByPasswordAsync(string text, CancellationToken ct) =>
        await password.VerifyAsync(text, ct) ? new(new("admin", RolePolicies.Admin), SessionOrigin.Password) : null;

    private async Task<LogIn?> ByTokenAsync(string text, CancellationToken ct)
    {
        if (adminToken.Is(text)) return new(adminToken.Caller, adminToken.Origin);
        return await tokens.FindAsync(text, ct) is { } grant
            ? new(grant.Caller, SessionOrigin.Token(grant.Id), grant.ExpiresAt)
            : null;
    }

    private static Problem SlowDown(HttpContext http, int seconds)
    {
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return new(ProblemTypes.SlowDown, $"Wait {seconds} s, then try again.");
    }

    /// <summary>Ports are left out, as cookies leave them out.</summary>
    private static bool Same(string left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
