using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Secrets;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Storage;

namespace NetbootServer.Kexec.Boots;

/// <summary>Kexec bundles on the boot plane, and the lines that fetch them in the API.</summary>
internal static class KexecApi
{
    public static void MapKexec(this IEndpointRouteBuilder routes)
    {
        routes.MapGetAndHead("/kexec/{name}/{file}", Bundle).ExcludeFromDescription();
        routes.MapGetAndHead("/kexec/{name}/{key}/{file}", SecretBundle).ExcludeFromDescription();
    }

    public static void MapKexecLines(this IEndpointRouteBuilder api)
    {
        var machine = api.MapGroup("/machines/{name}/kexec").WithTags("Machines");
        machine.MapGet("", Lines).RequireAuthorization(RolePolicies.Viewer)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.NoKexec);
        machine.MapPost("", SecretLines).RequireAuthorization(RolePolicies.Operator)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.NoKexec);
    }

    /// <summary>A machine's bundle without its secrets, or an image's; a machine's name wins.</summary>
    private static Task<IResult> Bundle(
        string name, string file, HttpContext http, KexecDoor door, CancellationToken ct) =>
        door.AnswerAsync(name, file, http, ct);

    /// <summary>A machine's bundle with its secrets.</summary>
    private static Task<IResult> SecretBundle(
        string name, string key, string file, HttpContext http, KexecDoor door, CancellationToken ct) =>
        door.AnswerSecretAsync(name, key, file, http, ct);

    /// <summary>The lines that start the machine's system from any Linux that runs on it, by kexec.</summary>
    /// <remarks>The bundle lacks the machine's secrets; POST gives one that has them.</remarks>
    private static async Task<Results<Ok<KexecLines>, ProblemHttpResult>> Lines(string name, HttpContext http,
        MachineStore machines, Catalog catalog, LinksOfRequest links, PreparedKexec prepared, CancellationToken ct)
    {
        var (plan, problem) = await PlanAsync(name, machines, catalog, ct);
        if (plan is null) return problem!.ToResult();
        prepared.Request(plan.Target); // so that it is there when the line is pasted
        return TypedResults.Ok(KexecLines.Of(plan, links.For(http).Base, key: null, expiresAt: null));
    }

    /// <summary>
    /// The same with the machine's secrets: the first client that runs the line within 15 minutes gets them.
    /// </summary>
    /// <remarks>
    /// The URL holds a key, which the first address that fetches it binds to itself. Keep it as secret as what it
    /// opens.
    /// </remarks>
    private static async Task<Results<Ok<KexecLines>, ProblemHttpResult>> SecretLines(string name, HttpContext http,
        MachineStore machines, Catalog catalog, LinksOfRequest links, PreparedKexec prepared, KexecKey keys,
        Database database, Audit audit, CancellationToken ct)
    {
        var (plan, problem) = await PlanAsync(name, machines, catalog, ct);
        if (plan is null) return problem!.ToResult();
        if (plan.Machine.State != MachineState.Registered)
            return new Problem(ProblemTypes.NoKexec, $"{name} is not registered, so it has no secrets.").ToResult();
        if (!SecretRules.IsArmed(plan.Machine, plan.Profile))
            return new Problem(ProblemTypes.NoKexec, $"The release of {name}'s secrets is spent (secretRelease " +
                $"once): arm another with POST /api/v1/machines/{name}/releases.").ToResult();
        prepared.Request(plan.Target);
        var (key, ticket) = keys.Make(plan);
        await database.WriteAsync((db, _) =>
        {
            audit.Add(db, new("create", "kexec-key", plan.Machine.Name) { After = new { ticket.Boot } });
            return Task.FromResult(true);
        }, ct);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(KexecLines.Of(plan, links.For(http).Base, key, ticket.StartedAt + KexecKey.Life));
    }

    private static async Task<(KexecPlan? Plan, Problem? Problem)> PlanAsync(
        string name, MachineStore machines, Catalog catalog, CancellationToken ct)
    {
        if (await machines.FindAsync(name, ct) is not { } machine) return (null, Problem.NotFound("machine", name));
        var (plan, reason) = KexecPlan.Of(catalog.ViewOf(machine), machine,
            KexecPlan.SystemOf(machine) ?? NixSystem.Of("x86_64"));
        return plan is null ? (null, new Problem(ProblemTypes.NoKexec, $"There is no kexec bundle: {reason}."))
            : (plan, null);
    }
}
