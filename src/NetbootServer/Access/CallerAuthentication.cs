using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NetbootServer.Access.Sessions;
using NetbootServer.Access.Tokens;
using NetbootServer.Api;

namespace NetbootServer.Access;

/// <summary>How a request proved who makes it.</summary>
/// <param name="Grant">The token or session; null for the token of the settings.</param>
/// <param name="Cookie">The session's secret; null for a bearer token.</param>
internal sealed record Proof(Grant? Grant, string? Cookie);

/// <summary>Finds out who makes a request to the admin plane: a bearer token, else the session cookie.</summary>
internal sealed class CallerAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder, AdminTokenSetting adminToken, TokenStore tokens, SessionStore sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "netboot";
    private const string Bearer = "Bearer ";

    /// <summary>How the request proved its caller; null for a stranger.</summary>
    public static Proof? ProofOf(HttpContext http) => http.Features.Get<Proof>();

    /// <summary>Whether the request is a change by cookie without its CSRF token.</summary>
    public static bool LacksCsrf(HttpContext http) =>
        ProofOf(http)?.Cookie is { } secret && !Csrf.Allows(http.Request, secret);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.ToString() is { Length: > 0 } header)
            return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                ? await ByTokenAsync(header[Bearer.Length..].Trim())
                : AuthenticateResult.Fail("The Authorization header holds no bearer token.");
        if (SessionCookie.Of(Request) is not { } secret) return AuthenticateResult.NoResult();
        return await sessions.FindAsync(secret, Context.RequestAborted) is { } session
            ? Known(session.Caller, new(session, secret))
            : AuthenticateResult.Fail("The session is over.");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        var detail = Request.Headers.Authorization.Count > 0
            ? "The bearer token is unknown or has expired."
            : SessionCookie.Of(Request) is not null
                ? "The session is over; log in again."
                : "Send Authorization: Bearer <token>, or log in with POST /api/v1/session.";
        return new Problem(ProblemTypes.Unauthenticated, detail).ToResult().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Problem(ProblemTypes.Forbidden, "Your role does not allow this operation.").ToResult()
            .ExecuteAsync(Context);

    private async Task<AuthenticateResult> ByTokenAsync(string secret)
    {
        if (adminToken.Is(secret)) return Known(adminToken.Caller, new(null, null));
        return await tokens.FindAsync(secret, Context.RequestAborted) is { } grant
            ? Known(grant.Caller, new(grant, null))
            : AuthenticateResult.Fail("The bearer token is unknown.");
    }

    private AuthenticateResult Known(Caller caller, Proof proof)
    {
        Context.Features.Set(proof);
        return AuthenticateResult.Success(new(caller.ToPrincipal(Scheme.Name), Scheme.Name));
    }
}
