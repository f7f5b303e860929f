using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Http;

namespace NetbootServer.Access;

/// <summary>Who the caller is.</summary>
/// <param name="Name">For people and the log.</param>
/// <param name="Role">viewer, operator or admin.</param>
/// <param name="ExpiresAt">When the session ends unless used before; missing for tokens from the settings.</param>
/// <param name="CsrfToken">What changes by cookie must carry in X-CSRF-Token; missing for tokens.</param>
public sealed record SessionView(string Name, string Role, DateTimeOffset? ExpiresAt, string? CsrfToken);

/// <summary>What to log in with; exactly one member.</summary>
/// <param name="Password">The admin's password.</param>
/// <param name="Token">A bearer token.</param>
public sealed record LogInRequest(string? Password, string? Token);

/// <summary>Logging in and out.</summary>
internal static class SessionApi
{
    public static void MapSession(this IEndpointRouteBuilder api)
    {
        var session = api.MapGroup("/session").WithTags("Access");
        session.MapPost("", LogIn).AllowAnonymous().Accepts<LogInRequest>("application/json");
        session.MapGet("", WhoAmI);
        session.MapDelete("", LogOut);
    }

    /// <summary>Logs in with a password or a token; sets the session cookie.</summary>
    private static async Task<Results<Ok<SessionView>, ProblemHttpResult>> LogIn(HttpContext http, Sessions sessions,
        AdminPassword password, AdminTokenSetting adminToken, LogInDelay delay, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = Parse(body);
        if (fault is not null) return fault.ToResult();
        var address = http.Connection.RemoteIpAddress;
        if (delay.Wait(address) is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return new Problem(ProblemTypes.SlowDown, $"Wait {seconds} s, then try again.").ToResult();
        }
        var good = request!.Password is { } text ? await password.VerifyAsync(text, ct) : adminToken.Is(request.Token!);
        delay.Note(address, good);
        if (!good)
            return new Problem(ProblemTypes.Unauthenticated, request.Password is null ? "The token is unknown." : "The password is wrong.").ToResult();
        var (secret, session) = await sessions.BeginAsync(new("admin", "admin"), ct);
        http.Response.Cookies.Append(CallerAuthentication.CookieName, secret, Cookie(http));
        return TypedResults.Ok(new SessionView(session.Caller.Name, session.Caller.Role, session.ExpiresAt, session.CsrfToken));
    }

    /// <summary>Who am I.</summary>
    private static async Task<Ok<SessionView>> WhoAmI(
        HttpContext http, ClaimsPrincipal user, Sessions sessions, CancellationToken ct)
    {
        var session = http.Request.Headers.Authorization.Count == 0
            && http.Request.Cookies[CallerAuthentication.CookieName] is { } secret
            ? await sessions.FindAsync(secret, ct) : null;
        return TypedResults.Ok(new SessionView(user.Identity!.Name!, user.FindFirstValue(ClaimTypes.Role)!,
            session?.ExpiresAt, session?.CsrfToken));
    }

    /// <summary>Logs out: the session ends everywhere.</summary>
    private static async Task<NoContent> LogOut(HttpContext http, Sessions sessions, CancellationToken ct)
    {
        if (http.Request.Cookies[CallerAuthentication.CookieName] is { } secret) await sessions.EndAsync(secret, ct);
        http.Response.Cookies.Delete(CallerAuthentication.CookieName, Cookie(http));
        return TypedResults.NoContent();
    }

    private static CookieOptions Cookie(HttpContext http) => new()
    {
        HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", IsEssential = true,
    };

    private static (LogInRequest? Request, Problem? Problem) Parse(JsonElement body)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var request = new LogInRequest(fields.Text("password", 1024), fields.Text("token", 1024));
        fields.RefuseOthers();
        if (!errors.Any && (request.Password is null) == (request.Token is null))
            errors.Add("$", "must have either a password or a token");
        return errors.Any ? (null, Problem.Invalid(errors)) : (request, null);
    }
}
