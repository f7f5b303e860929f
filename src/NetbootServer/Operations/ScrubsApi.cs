using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Jobs;

namespace NetbootServer.Operations;

/// <summary>Scrubs in the API.</summary>
internal static class ScrubsApi
{
    public static void MapScrubs(this IEndpointRouteBuilder api) =>
        api.MapPost("/scrubs", Scrub).WithTags("Jobs").RequireAuthorization(RolePolicies.Operator);

    /// <summary>
    /// Reads all blobs through now: rotten ones go out of service, with an alarm, and are fetched again when their
    /// source still has them. While a scrub waits or runs, it is that one.
    /// </summary>
    private static async Task<Accepted<Job>> Scrub(HttpContext http, JobQueue queue, CancellationToken ct) =>
        JobsApi.Accepted(await queue.RequestNowAsync(new(ScrubWork.Key, JobsApi.CallerOf(http)), ct));
}
