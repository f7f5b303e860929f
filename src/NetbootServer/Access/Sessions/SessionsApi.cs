using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Api;
using NetbootServer.Hosting;

namespace NetbootServer.Access.Sessions;

/// <summary>Logging in and out, and who is logged in.</summary>
internal static class SessionsApi
{
    public static void MapSessions(this IEndpointRouteBuilder api)
    {
        var own = api.MapGroup("/session").WithTags("Access");
        own.MapPost("", LogIn).AllowAnonymous().Accepts<LogInRequest>("application/json")
            .Example("""{"password": "abcde-fghij-kmnpq-rstuv"}""")
            .Refuses(ProblemTypes.OfBodies)
            .Refuses(ProblemTypes.Unauthenticated, ProblemTypes.CsrfMissing, ProblemTypes.SlowDown,
                ProblemTypes.NotNow);
        own.MapGet("", WhoAmI).RequireAuthorization(RolePolicies.Viewer);
        own.MapDelete("", LogOut).RequireAuthorization(RolePolicies.Viewer);
        var all = api.MapGroup("/sessions").WithTags("Access").RequireAuthorization(RolePolicies.Admin);
        all.MapGet("", List);
        all.MapDelete("/{id}", End).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>Logs in with a password or a token; sets the session cookie.</summary>
    /// <remarks>
    /// The session has the token's role and ends with the token. Wrong tries delay the next one from the same address;
    /// the account is never locked.
    /// </remarks>
    private static async Task<Results<Ok<SessionView>, ProblemHttpResult>> LogIn(
        HttpContext http, LoginThrottle desk, SessionStore sessions, CancellationToken ct)
    {
        if (!desk.IsOwnPage(http.Request)) return LoginThrottle.OtherPage().ToResult();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = Parse(body);
        if (fault is not null) return fault.ToResult();
        var (logIn, refusal) = await desk.JudgeAsync(request!, http, ct);
        if (logIn is null) return refusal!.ToResult();
        var address = ClientAddress.TextOf(http);
        var session = await sessions.BeginAsync(logIn, address, SessionCookie.Of(http.Request), ct);
        SessionCookie.Set(http, session.Secret);
        return TypedResults.Ok(new SessionView(
            session.Caller.Name, session.Caller.Role, session.ExpiresAt, Csrf.TokenOf(session.Secret), session.Id));
    }

    /// <summary>Who am I.</summary>
    private static Ok<SessionView> WhoAmI(HttpContext http, ClaimsPrincipal user)
    {
        var proof = CallerAuthentication.ProofOf(http);
        return TypedResults.Ok(new SessionView(user.Identity!.Name!, user.FindFirstValue(ClaimTypes.Role)!,
            proof?.Grant?.ExpiresAt, proof?.Cookie is { } secret ? Csrf.TokenOf(secret) : null,
            proof?.Cookie is null ? null : proof.Grant?.Id));
    }

    /// <summary>Logs out: the session ends everywhere.</summary>
    private static async Task<NoContent> LogOut(HttpContext http, SessionStore sessions, CancellationToken ct)
    {
        if (CallerAuthentication.ProofOf(http)?.Cookie is { } secret) await sessions.EndAsync(secret, ct);
        SessionCookie.Remove(http);
        return TypedResults.NoContent();
    }

    /// <summary>Lists all sessions, the newest first.</summary>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="sessions">The sessions.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<SessionEntry>>, ProblemHttpResult>> List(
        string? limit, string? after, SessionStore sessions, CancellationToken ct)
    {
        var (paging, problem) = Paging.Of(limit, after);
        return problem is not null ? problem.ToResult() : TypedResults.Ok(await sessions.ListAsync(paging, ct));
    }

    /// <summary>Ends a session at once.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> End(
        string id, SessionStore sessions, CancellationToken ct) =>
        Answers.Gone(await sessions.EndByIdAsync(id, ct) ? null : Problem.NotFound("session", id));

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
