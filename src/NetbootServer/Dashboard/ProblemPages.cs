using System.Net;
using NetbootServer.Api;
using NetbootServer.Serving;

namespace NetbootServer.Dashboard;

/// <summary>The pages that problem types point to.</summary>
internal static class ProblemPages
{
    public static void MapProblemPages(this IEndpointRouteBuilder routes) =>
        routes.MapGetAndHead("/problems/{type}", Page).ExcludeFromDescription();

    private static IResult Page(string type, HttpContext http)
    {
        if (!ProblemTypes.All.TryGetValue(type, out var problem))
            return MachineAnswer.NotFound("There is no such problem type.");
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'";
        return TypedResults.Text($"""
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><title>{WebUtility.HtmlEncode(problem.Title)}</title>
            <h1>{WebUtility.HtmlEncode(problem.Title)}</h1>
            <p>HTTP {problem.Status} · <code>{WebUtility.HtmlEncode(problem.Path)}</code></p>
            <p>{WebUtility.HtmlEncode(problem.Explanation)}</p>
            </html>
            """, "text/html; charset=utf-8");
    }
}
