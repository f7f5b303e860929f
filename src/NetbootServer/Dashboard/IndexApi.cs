using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing.Patterns;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Dashboard;

/// <summary>What the API has.</summary>
/// <param name="Version">The product's version.</param>
/// <param name="Paths">
/// Every path below <c>/api/v1/</c>, with its variables in braces; the OpenAPI document says more.
/// </param>
public sealed record ApiIndex(string Version, IReadOnlyList<string> Paths);

/// <summary>The root of the API.</summary>
internal static class IndexApi
{
    private const string Root = "api/v1/";

    public static void MapIndex(this IEndpointRouteBuilder api) =>
        api.MapGet("", Get).WithTags("Setup").RequireAuthorization(RolePolicies.Viewer);

    /// <summary>What this server has, for clients that come with other versions of it.</summary>
    private static Ok<ApiIndex> Get(EndpointDataSource routes) => TypedResults.Ok(new ApiIndex(
        SetupApi.ProductVersion,
        [
            .. routes.Endpoints.OfType<RouteEndpoint>().Where(ApiPlane.Has).Select(route => PathOf(route.RoutePattern))
                .Where(path => path.StartsWith(Root, StringComparison.Ordinal)).Select(path => path[Root.Length..])
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ]));

    /// <summary>As the OpenAPI document writes it: variables without what they must look like.</summary>
    private static string PathOf(RoutePattern pattern) =>
        string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart variable => $"{{{variable.Name}}}",
            _ => "",
        }))));
}
