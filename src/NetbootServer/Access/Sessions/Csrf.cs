using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace NetbootServer.Access.Sessions;

/// <summary>
/// What a change by cookie must carry besides the cookie. Derived from the session's secret, so that nothing of it is
/// stored and no page of another origin can know it.
/// </summary>
internal static class Csrf
{
    public const string Header = "X-CSRF-Token";

    public static string TokenOf(string secret) => Base64Url.EncodeToString(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "netboot-csrf"u8).AsSpan(0, 24));

    /// <summary>Whether a request by cookie may go on: it only reads, or carries the token.</summary>
    public static bool Allows(HttpRequest request, string secret) =>
        IsSafe(request.Method) || CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(request.Headers[Header].ToString()), Encoding.UTF8.GetBytes(TokenOf(secret)));

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
