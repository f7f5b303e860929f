using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NetbootServer.Http;

namespace NetbootServer.Access;

/// <summary>
/// Finds out who makes a request to the API: a bearer token, else the session cookie. A change by cookie must carry
/// the session's CSRF token.
/// </summary>
internal sealed class CallerAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder, AdminTokenSetting adminToken, Sessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "netboot";
    public const string CookieName = "netboot-session";
    public const string CsrfHeader = "X-CSRF-Token";
    private const string CsrfFailed = "csrf";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.ToString() is { Length: > 0 } header)
            return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                && adminToken.Is(header["Bearer ".Length..].Trim())
                ? Known(new("admin-token", "admin"))
                : AuthenticateResult.Fail("The bearer token is unknown.");
        if (Request.Cookies[CookieName] is not { Length: > 0 } secret) return AuthenticateResult.NoResult();
        if (await sessions.FindAsync(secret, Context.RequestAborted) is not { } session)
            return AuthenticateResult.Fail("The session is over.");
        if (!IsSafe(Request.Method) && !SameText(Request.Headers[CsrfHeader].ToString(), session.CsrfToken))
            Context.Items[CsrfFailed] = true;
        return Known(session.Caller);
    }

    /// <summary>Whether the request is a change by cookie without its CSRF token.</summary>
    public static bool LacksCsrf(HttpContext http) => http.Items.ContainsKey(CsrfFailed);

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        var detail = Request.Headers.Authorization.Count > 0
            ? "The bearer token is unknown or has expired."
            : Request.Cookies.ContainsKey(CookieName)
                ? "The session is over; log in again."
                : "Send Authorization: Bearer <token>, or log in with POST /api/v1/session.";
        return new Problem(ProblemTypes.Unauthenticated, detail).ToResult().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        (LacksCsrf(Context)
            ? new Problem(ProblemTypes.CsrfMissing, $"Send the session's csrfToken in the header {CsrfHeader}.")
            : new Problem(ProblemTypes.Forbidden, "Your role does not allow this operation."))
        .ToResult().ExecuteAsync(Context);

    private AuthenticateResult Known(Caller caller)
    {
        var identity = new ClaimsIdentity(
            [new(ClaimTypes.Name, caller.Name), new(ClaimTypes.Role, caller.Role)], Scheme.Name);
        return AuthenticateResult.Success(new(new(identity), Scheme.Name));
    }

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool SameText(string left, string right) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
