using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Sources;

/// <summary>The closures of versions in the API.</summary>
internal static class ClosuresApi
{
    public static void MapClosures(this IEndpointRouteBuilder api) =>
        api.MapGet("/images/{name}/versions/{version}/closures", List).WithTags("Images")
            .RequireAuthorization(RolePolicies.Viewer).Refuses(ProblemTypes.NotFound);

    /// <summary>
    /// The system closures that a version was made of, by system and variant, with what their initrds take and share;
    /// an empty list for a version that was made of something else.
    /// </summary>
    private static async Task<Results<Ok<Page<ClosureView>>, ProblemHttpResult>> List(
        string name, string version, ImageCatalog catalog, ClosureViews closures, CancellationToken ct)
    {
        if (!catalog.Images.TryGetValue(name, out var image)) return Problem.NotFound("image", name).ToResult();
        return image.Versions.TryGetValue(version, out var found)
            ? TypedResults.Ok(new Page<ClosureView>(await closures.OfAsync(found, ct), null))
            : Problem.NotFound($"version of image '{name}' called", version).ToResult();
    }
}
