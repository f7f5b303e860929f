using System.Security.Claims;

namespace NetbootServer.Access;

/// <summary>Who makes a request.</summary>
/// <param name="Name">For people, the log and the audit.</param>
/// <param name="Role">viewer, operator or admin.</param>
public sealed record Caller(string Name, string Role)
{
    /// <summary>Claims that the framework's authorization reads.</summary>
    internal ClaimsPrincipal ToPrincipal(string scheme) =>
        new(new ClaimsIdentity([new(ClaimTypes.Name, Name), new(ClaimTypes.Role, Role)], scheme));

    /// <summary>The caller of an authenticated request; null for a stranger.</summary>
    internal static Caller? Of(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true, Name: { } name }
            ? new(name, user.FindFirstValue(ClaimTypes.Role) ?? "")
            : null;
}
