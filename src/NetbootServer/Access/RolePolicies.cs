using Microsoft.AspNetCore.Authorization;

namespace NetbootServer.Access;

/// <summary>
/// The roles, each allowing what the ones before it do. A group may ask for one and a route in it for a higher one:
/// both must hold.
/// </summary>
public static class RolePolicies
{
    /// <summary>May read.</summary>
    public const string Viewer = "viewer";

    /// <summary>May change machines, profiles and next boots, and ask for refreshes.</summary>
    public const string Operator = "operator";

    /// <summary>May do all.</summary>
    public const string Admin = "admin";

    private static readonly string[] Rising = [Viewer, Operator, Admin];

    /// <summary>Makes every route below that names no role an admin's: nothing is open by oversight.</summary>
    public static RouteGroupBuilder DenyByDefault(this RouteGroupBuilder group)
    {
        ArgumentNullException.ThrowIfNull(group);
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (!endpoint.Metadata.Any(data => data is IAuthorizeData or IAllowAnonymous))
                endpoint.Metadata.Add(new AuthorizeAttribute(Admin));
        });
        return group;
    }

    /// <summary>The role that an endpoint asks for; null when anyone may call it.</summary>
    internal static string? RoleOf(IEnumerable<object> metadata)
    {
        var all = metadata.ToList();
        return all.OfType<IAllowAnonymous>().Any()
            ? null
            : all.OfType<IAuthorizeData>().Select(data => data.Policy).MaxBy(policy => Array.IndexOf(Rising, policy));
    }

    internal static void Add(AuthorizationBuilder authorization)
    {
        for (var i = 0; i < Rising.Length; i++)
        {
            var allowed = Rising[i..];
            authorization.AddPolicy(Rising[i], policy => policy.RequireRole(allowed));
        }
    }
}
