namespace NetbootServer.Serving;

/// <summary>
/// Marks the routes that machines ask: anonymous, plain, answered on every listener. All else belongs to the admin
/// plane.
/// </summary>
public sealed class BootPlane
{
    private static readonly BootPlane Mark = new();

    /// <summary>A group whose routes are the boot plane's.</summary>
    public static RouteGroupBuilder Of(IEndpointRouteBuilder routes) => routes.MapGroup("").WithMetadata(Mark);

    /// <summary>Whether the request has met such a route.</summary>
    public static bool Has(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.GetEndpoint()?.Metadata.GetMetadata<BootPlane>() is not null;
    }
}

/// <summary>
/// What the listener that accepted a connection is for; connections of unmarked listeners serve both planes.
/// </summary>
/// <param name="Admin">Whether it serves the admin plane.</param>
/// <param name="BootPort">On an admin listener: the port that machines use; null when it is the listener's own.</param>
public sealed record ListenerPlane(bool Admin, Func<int?>? BootPort)
{
    /// <summary>Of the connection that the request came on; null for both planes.</summary>
    public static ListenerPlane? Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Features.Get<ListenerPlane>();
    }
}

/// <summary>Marks a request that a trusted proxy passed on: its Host header is complete as it is.</summary>
/// <param name="Hops">Through how many addresses it says it has come.</param>
public sealed record ThroughProxy(int Hops);
