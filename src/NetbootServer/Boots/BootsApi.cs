using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Http;
using NetbootServer.Machines;

namespace NetbootServer.Boots;

/// <summary>Boots in the API, and what a machine would get and why.</summary>
internal static class BootsApi
{
    public static void MapBoots(this IEndpointRouteBuilder api)
    {
        var reading = api.MapGroup("").RequireAuthorization(RolePolicies.Viewer);
        reading.MapGet("/boots", List).WithTags("Boots");
        reading.MapGet("/boots/{id}", Get).WithTags("Boots").Refuses(ProblemTypes.NotFound);
        reading.MapGet("/machines/{name}/boots", ListOfMachine).WithTags("Boots").Refuses(ProblemTypes.NotFound);
        reading.MapGet("/machines/{name}/plan", Plan).WithTags("Machines").Refuses(ProblemTypes.NotFound);
    }

    /// <summary>Lists boots, newest first.</summary>
    /// <param name="outcome">Only boots with this outcome: running, ready, up, failed, stalled or unknown.</param>
    /// <param name="limit">How many, at most 1000.</param>
    /// <param name="after">The <c>next</c> of the page before.</param>
    /// <param name="history">The boots.</param>
    /// <param name="ct">Ends the reading.</param>
    private static async Task<Results<Ok<Page<Boot>>, ProblemHttpResult>> List(
        string? outcome, string? limit, string? after, BootHistory history, CancellationToken ct)
    {
        var (paging, problem) = PartOf(outcome, limit, after);
        if (problem is not null) return problem.ToResult();
        return TypedResults.Ok(await history.ListAsync(null, outcome, paging, ct));
    }

    /// <summary>One boot with its timeline.</summary>
    private static async Task<Results<Ok<Boot>, ProblemHttpResult>> Get(
        string id, BootHistory history, CancellationToken ct) =>
        await history.FindAsync(id, ct) is { } boot
            ? TypedResults.Ok(boot)
            : Problem.NotFound("boot", id).ToResult();

    /// <summary>A machine's boots, newest first.</summary>
    private static async Task<Results<Ok<Page<Boot>>, ProblemHttpResult>> ListOfMachine(
        string name, string? outcome, string? limit, string? after, BootHistory history, MachineStore machines,
        CancellationToken ct)
    {
        var (paging, problem) = PartOf(outcome, limit, after);
        if (problem is not null) return problem.ToResult();
        if (await machines.FindAsync(name, ct) is not { } machine) return Problem.NotFound("machine", name).ToResult();
        return TypedResults.Ok(await history.ListAsync(machine.Id, outcome, paging, ct));
    }

    private static (Paging Paging, Problem? Problem) PartOf(string? outcome, string? limit, string? after) =>
        outcome is null || Outcomes.All.Contains(outcome)
            ? Paging.Of(limit, after)
            : (new(1, null), new(ProblemTypes.MalformedRequest, $"outcome must be one of {string.Join(", ", Outcomes.All)}."));

    /// <summary>What the machine would get now, and why; nothing is recorded.</summary>
    /// <remarks>Query parameters under the names of a script request stand in for what the machine last told.</remarks>
    private static async Task<Results<Ok<PlanAnswer>, ProblemHttpResult>> Plan(
        string name, HttpContext http, MachineStore machines, Catalog catalog, PublicUrl url, CancellationToken ct)
    {
        if (await machines.FindAsync(name, ct) is not { } machine) return Problem.NotFound("machine", name).ToResult();
        return TypedResults.Ok(PlanAnswer.Of(
            machine, catalog, MachineIdentity.FromQuery(http.Request.QueryString.Value ?? ""), new(url.For(http))));
    }
}
