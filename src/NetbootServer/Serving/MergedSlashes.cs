using System.Collections.Frozen;
using Microsoft.AspNetCore.Routing.Patterns;

namespace NetbootServer.Serving;

/// <summary>
/// Serves machine routes also where a base URL that ends with a slash was joined to a path that begins with one:
/// <c>//boot.ipxe</c> is <c>/boot.ipxe</c>, answered at once, because firmware follows no redirect. Paths of the admin
/// plane stay as they are.
/// </summary>
internal static class MergedSlashes
{
    /// <summary>Must come before routing.</summary>
    public static void UseMergedSlashes(this WebApplication app)
    {
        var routes = new Lazy<FrozenSet<string>>(() => FirstSegments(((IEndpointRouteBuilder)app).DataSources));
        app.Use((http, next) =>
        {
            if (http.Request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
            {
                var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
                if (segments.Length > 0 && routes.Value.Contains(segments[0]))
                    http.Request.Path = new PathString("/" + string.Join('/', segments));
            }
            return next(http);
        });
    }

    /// <summary>What the paths of machine routes begin with, such as <c>blobs</c>.</summary>
    private static FrozenSet<string> FirstSegments(IEnumerable<EndpointDataSource> sources) =>
        sources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<BootPlane>() is not null)
            .Select(route => route.RoutePattern.PathSegments is [{ Parts: [RoutePatternLiteralPart literal] }, ..]
                ? literal.Content : null)
            .OfType<string>().ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
