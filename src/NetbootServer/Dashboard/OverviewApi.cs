using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Dashboard;

/// <summary>The whole server in a few numbers.</summary>
/// <param name="Machines">Machines by what they do.</param>
/// <param name="Disk">Room for images.</param>
/// <param name="Profiles">How many profiles there are.</param>
/// <param name="Images">How many images there are.</param>
/// <param name="RunningJobs">How many jobs run now.</param>
public sealed record OverviewView(MachineCounts Machines, DiskUse Disk, int Profiles, int Images, int RunningJobs);

/// <summary>Machines, counted.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Discovered">Those that are not registered.</param>
/// <param name="ByOutcome">
/// The registered ones by the outcome of their newest boot; those without a boot are left out.
/// </param>
public sealed record MachineCounts(int Total, int Discovered, ImmutableSortedDictionary<string, int> ByOutcome);

/// <summary>The volume of the data directory, in bytes.</summary>
/// <param name="UsedBytes">Used by whatever is on the volume.</param>
/// <param name="FreeBytes">Free for this server.</param>
/// <param name="BlobBytes">Used by images.</param>
/// <param name="MaxBlobBytes">What images may use at most; missing when there is no limit.</param>
public sealed record DiskUse(long UsedBytes, long FreeBytes, long BlobBytes, long? MaxBlobBytes);

/// <summary>Bytes sent to booting machines over time.</summary>
/// <param name="StepSeconds">Length of each sample in seconds.</param>
/// <param name="Samples">Oldest first, without gaps; from the server's start on.</param>
public sealed record ThroughputView(int StepSeconds, IReadOnlyList<ThroughputSample> Samples);

/// <summary>The overview in the API.</summary>
internal static class OverviewApi
{
    public static IServiceCollection AddOverview(this IServiceCollection services) =>
        services.AddSingleton<OverviewCounts>().AddSingleton<Throughput>()
        .AddHostedService(provider => provider.GetRequiredService<Throughput>());

    public static void MapOverview(this IEndpointRouteBuilder api)
    {
        var overview = api.MapGroup("/overview").WithTags("Overview").RequireAuthorization(RolePolicies.Viewer);
        overview.MapGet("", Get);
        overview.MapGet("/throughput", Sent).Refuses(ProblemTypes.MalformedRequest);
    }

    /// <summary>
    /// Bytes sent to booting machines over time: the last hour in steps of 10 s, or the last day in 5 min.
    /// </summary>
    /// <param name="span">hour (default) or day.</param>
    /// <param name="throughput">The samples.</param>
    private static Results<Ok<ThroughputView>, ProblemHttpResult> Sent(string? span, Throughput throughput) =>
        span switch
        {
            null or "" or "hour" => TypedResults.Ok(new ThroughputView(10, throughput.Samples(day: false))),
            "day" => TypedResults.Ok(new ThroughputView(300, throughput.Samples(day: true))),
            _ => new Problem(ProblemTypes.MalformedRequest, "span must be hour or day.").ToResult(),
        };

    /// <summary>Counts of machines by state, of what else there is, and the use of the disk.</summary>
    private static async Task<Ok<OverviewView>> Get(OverviewCounts counts, CancellationToken ct) =>
        TypedResults.Ok(await counts.ReadAsync(ct));
}
