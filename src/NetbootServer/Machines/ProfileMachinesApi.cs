using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>Which machines a profile would get, while it is drafted.</summary>
internal static class ProfileMachinesApi
{
    /// <summary>For all machines of a large inventory; a read of labels takes a fraction of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static void MapProfileMachines(this IEndpointRouteBuilder api) =>
        api.MapPost("/profiles/{name}/machines", Preview).WithTags("Profiles")
            .RequireAuthorization(RolePolicies.Viewer)
            .Accepts<ProfileSpec>("application/json").Requires("image")
            .Query("limit", "How many machines are listed, at most 1000 (100).")
            .Example("""{"image": "nixos-unstable", "selector": {"rack": "3"}, "priority": 10}""")
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound, ProblemTypes.TooManyPreviews);

    /// <summary>Which machines this profile, not yet saved, would get; nothing is recorded.</summary>
    /// <remarks>
    /// The body is as for PUT; the template is not tried. Machines are taken to report what they reported last. Each
    /// caller gets one preview at a time; a few more wait their turn.
    /// </remarks>
    private static async Task<Results<Ok<ProfileMachines>, ProblemHttpResult>> Preview(string name, string? limit,
        HttpContext http, ProfileMachinesReader machines, PreviewLimit turns, TimeProvider time, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out _)) return Problem.NotFound("profile", name).ToResult();
        var (paging, malformed) = Paging.Of(limit, after: null);
        if (malformed is not null) return malformed.ToResult();
        var (change, problem) = await SpecChange<ProfileSpec>.ReadAsync(
            http.Request, ProfileSpecParser.ParseUntried, ct);
        if (problem is not null) return problem.ToResult();
        var wanted = change.Apply("profile", name, current: null);
        if (wanted.Problem is { } invalid) return invalid.ToResult();
        using var turn = await turns.TakeAsync(http, ct);
        if (turn is null) return PreviewLimit.TooMany(http).ToResult();
        var now = time.GetUtcNow();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        end.CancelAfter(Patience);
        try
        {
            return TypedResults.Ok(await machines.ReadAsync(
                new(name, wanted.Resource!, 0) { CreatedAt = now, UpdatedAt = now }, paging.Limit, end.Token));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Problem(ProblemTypes.NotNow, "The database does not answer in time; ask again.").ToResult();
        }
    }
}
