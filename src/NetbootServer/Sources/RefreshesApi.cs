using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Jobs;

namespace NetbootServer.Sources;

/// <summary>Refreshes in the API.</summary>
internal static class RefreshesApi
{
    public static void MapRefreshes(this IEndpointRouteBuilder api) =>
        api.MapPost("/images/{name}/refreshes", Refresh).WithTags("Images").RequireAuthorization(RolePolicies.Operator)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.Invalid);

    /// <summary>
    /// Asks an image's source for what it has now. While a refresh waits or runs, it is that one; one that waits for
    /// its next try begins at once.
    /// </summary>
    private static async Task<Results<Accepted<Job>, ProblemHttpResult>> Refresh(
        string name, HttpContext http, ImageCatalog catalog, Refreshes refreshes, CancellationToken ct)
    {
        if (!catalog.Images.TryGetValue(name, out var image)) return Problem.NotFound("image", name).ToResult();
        if (image.Spec.SourceType == "upload")
            return Problem.Invalid("$.source.type",
                $"image '{name}' has only what is uploaded: POST /api/v1/images/{name}/versions").ToResult();
        return JobsApi.Accepted(await refreshes.RequestNowAsync(name, JobsApi.CallerOf(http), ct));
    }
}
