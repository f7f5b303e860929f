namespace NetbootServer.Api;

/// <summary>
/// Marks the routes of the API. What guards the API reads this mark from the endpoint that a request was routed to,
/// never the letters of its path: routing takes a path in any case and with any characters percent-encoded.
/// </summary>
public sealed class ApiPlane
{
    private static readonly ApiPlane Mark = new();

    /// <summary>A group whose routes are the API's.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="prefix">What the paths begin with.</param>
    public static RouteGroupBuilder Of(IEndpointRouteBuilder routes, string prefix) =>
        routes.MapGroup(prefix).WithMetadata(Mark);

    /// <summary>Whether the request was routed to the API.</summary>
    public static bool Has(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return Has(http.GetEndpoint());
    }

    /// <summary>Whether an endpoint is the API's.</summary>
    public static bool Has(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<ApiPlane>() is not null;
}
