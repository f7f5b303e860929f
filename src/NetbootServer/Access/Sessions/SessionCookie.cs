namespace NetbootServer.Access.Sessions;

/// <summary>
/// The cookie that holds a session's secret. On https its name begins with <c>__Host-</c>, which browsers let only
/// this very host set, over https: a page on plain HTTP cannot plant one (RFC 6265bis §4.1.3.2).
/// </summary>
internal static class SessionCookie
{
    public const string Plain = "netboot-session", Secured = "__Host-netboot-session";

    /// <summary>The secret that the request carries; null when it carries none.</summary>
    public static string? Of(HttpRequest request) =>
        request.Cookies[NameFor(request)] is { Length: > 0 and <= 128 } secret ? secret : null;

    public static void Set(HttpContext http, string secret) =>
        http.Response.Cookies.Append(NameFor(http.Request), secret, Options(http.Request));

    public static void Remove(HttpContext http) =>
        http.Response.Cookies.Delete(NameFor(http.Request), Options(http.Request));

    private static string NameFor(HttpRequest request) => request.IsHttps ? Secured : Plain;

    private static CookieOptions Options(HttpRequest request) => new()
    {
        HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = request.IsHttps, Path = "/", IsEssential = true,
    };
}
