using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing.Template;

namespace NetbootServer.Api;

/// <summary>What a path takes, for the 415 that routing answers before any of our code has seen the request.</summary>
internal static class AcceptedTypes
{
    /// <summary>
    /// A sentence that names the media types of the request's path and method; empty when there are none.
    /// </summary>
    public static string Advice(HttpContext http)
    {
        var types = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => Takes(route, http.Request))
            .SelectMany(route => route.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes ?? [])
            .Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return types switch
        {
            [] => "",
            [var only] => $"Send Content-Type {only}.",
            [.. var others, var last] => $"Send Content-Type {string.Join(", ", others)} or {last}.",
        };
    }

    private static bool Takes(RouteEndpoint route, HttpRequest request) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(request.Method) == true
        && new TemplateMatcher(new RouteTemplate(route.RoutePattern), []).TryMatch(request.Path, []);
}
