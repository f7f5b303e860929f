using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;

namespace NetbootServer.Machines;

/// <summary>Decisions about machines that contradict a registration in the API.</summary>
internal static class ResolutionsApi
{
    public static void MapResolutions(this IEndpointRouteBuilder api) =>
        api.MapPost("/alarms/{id:long}/resolutions", Resolve).WithTags("Alarms")
        .RequireAuthorization(RolePolicies.Operator)
            .Accepts<ResolutionRequest>("application/json").Requires("action")
            .Example("""{"action": "take-over"}""").Refuses(ProblemTypes.OfBodies)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.NothingToResolve, ProblemTypes.NameTaken,
                ProblemTypes.IdentityTaken);

    /// <summary>Decides which machine an alarm of the kind identity-contradiction is about.</summary>
    /// <remarks>
    /// With take-over it is the registered machine: its MACs, UUID and serial become what was reported. With register
    /// it is another one, known by its MACs, or by UUID and serial where its MAC is another machine's. The alarm goes;
    /// the machine, which waits, boots when it asks again. The answer is the machine that was changed or registered.
    /// </remarks>
    private static async Task<Results<Created<MachineView>, Ok<MachineView>, ProblemHttpResult>> Resolve(
        long id, HttpContext http, ContradictionStore contradictions, MachineViews views, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = ResolutionRequest.Parse(body);
        if (fault is not null) return fault.ToResult();
        var saved = await contradictions.ResolveAsync(id, request!, ct);
        if (saved.Resource is not { } machine) return saved.Problem!.ToResult();
        http.Response.Headers.ETag = Precondition.ETag(machine.Revision);
        return request!.Name is null
            ? TypedResults.Ok(views.Of(machine))
            : TypedResults.Created($"{http.Request.PathBase}/api/v1/machines/{machine.Name}", views.Of(machine));
    }
}
