using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Machines.Import;
using NetbootServer.Overlays;
using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>Machines in the API.</summary>
internal static class MachinesApi
{
    public static void MapMachines(this IEndpointRouteBuilder api)
    {
        var machines = api.MapGroup("/machines").WithTags("Machines").RequireAuthorization(RolePolicies.Viewer);
        machines.MapGet("", List)
            .Query("q", "Text anywhere in name, MACs, uuid, serial, asset, profile, labels or notes.")
            .Query("label", "A label that machines must have: k=v, or k for any value.", many: true)
            .Query("state", "discovered or registered.")
            .Query("profile", "Only machines whose own profile this is.")
            .Query("sort", "name (default), -name, lastSeenAt or -lastSeenAt.")
            .Query("limit", "How many, at most 1000 (100).")
            .Query("after", "The next of the page before.");
        machines.MapImport();
        api.MapProfileMachines();
        machines.MapGet("/{name}", Get).Refuses(ProblemTypes.NotFound);
        var changes = machines.MapGroup("/{name}").RequireAuthorization(RolePolicies.Operator);
        changes.MapPut("", Save).HasDryRun().Accepts<MachineSpec>("application/json").Requires().Example("""
            {"macs": ["52:54:00:12:34:56"], "arch": "x86_64", "labels": {"rack": "3"}, "kernelArguments": ["console=ttyS0"]}
            """).Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.MacTaken, ProblemTypes.IdentityTaken,
                ProblemTypes.SecretChanged, ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapPatch("", Save).HasDryRun().Accepts<MachineSpec>("application/merge-patch+json", "application/json")
            .Example("""{"labels": {"rack": "4", "old": null}, "notes": "moved"}""")
            .Refuses(ProblemTypes.OfBodies)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.MacTaken, ProblemTypes.IdentityTaken, ProblemTypes.NameTaken)
            .Refuses(ProblemTypes.SecretChanged, ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapDelete("", Delete)
            .Refuses(ProblemTypes.NotFound, ProblemTypes.ManagedByFile, ProblemTypes.PreconditionFailed);
        changes.MapPut("/next-boot", SetNextBoot).Accepts<NextBootRequest>("application/json")
            .Example("""{"action": "local"}""").Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound);
        changes.MapDelete("/next-boot", ClearNextBoot).Refuses(ProblemTypes.NotFound);
        changes.MapDelete("/completion", ClearCompletion).Refuses(ProblemTypes.NotFound);
        changes.MapPost("/releases", ArmRelease).Refuses(ProblemTypes.NotFound);
        changes.MapDelete("/reference", ClearReference).Refuses(ProblemTypes.NotFound);
    }

    /// <summary>Lists machines.</summary>
    private static async Task<Results<Ok<Page<MachineView>>, ProblemHttpResult>> List(
        HttpContext http, Database database, MachineViews views, CancellationToken ct)
    {
        var (query, problem) = MachineQuery.Of(http.Request.Query);
        return query is null ? problem!.ToResult()
            : TypedResults.Ok(await query.ReadAsync(database, views.ListedOf, ct));
    }

    /// <summary>One machine.</summary>
    private static async Task<Results<Ok<MachineView>, ProblemHttpResult>> Get(
        string name, HttpContext http, MachineStore machines, MachineViews views, CancellationToken ct) =>
        await machines.FindAsync(name, ct) is { } machine
            ? Answers.Show(http, views.Of(machine), machine.Revision)
            : Problem.NotFound("machine", name).ToResult();

    /// <summary>Registers or changes a machine.</summary>
    /// <remarks>
    /// PUT sets the whole, PATCH merges (RFC 7396). Naming a MAC of a discovered machine takes it over. A machine with
    /// a uuid or serial needs no MAC: its first boot fills it in. A PATCH with another name renames: its boots, next
    /// boot, alarms and audit entries follow.
    /// </remarks>
    private static async Task<Results<Created<MachineView>, Ok<MachineView>, ProblemHttpResult>> Save(
        string name, HttpContext http, MachineStore machines, MachineViews views, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out var parsed)) return NameFault(name).ToResult();
        var (change, problem) = await SpecChange<MachineSpec>.ReadAsync(http.Request, MachineSpecParser.Parse, ct,
            OverlayParser.MaxBodyBytes);
        if (problem is not null) return problem.ToResult();
        var saved = await machines.SaveAsync(parsed, change, Precondition.Of(http.Request), ct);
        return saved.Resource is { } machine
            ? Answers.Stored(http, views.Of(machine), machine.Revision, saved.Created, change.IsDryRun)
            : saved.Problem!.ToResult();
    }

    /// <summary>Removes a machine; its boots stay in the history.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(
        string name, HttpContext http, MachineStore machines, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? await machines.DeleteAsync(parsed, Precondition.Of(http.Request), ct)
            : Problem.NotFound("machine", name));

    /// <summary>Sets what the machine gets at its next boot only: a profile, or local, menu or shell.</summary>
    private static async Task<Results<Ok<MachineView>, ProblemHttpResult>> SetNextBoot(
        string name, HttpContext http, MachineStore machines, MachineViews views, TimeProvider time,
        CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out var parsed)) return Problem.NotFound("machine", name).ToResult();
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return problem.ToResult();
        var (request, fault) = NextBootRequest.Parse(body);
        return fault is not null
            ? fault.ToResult()
            : await ShowAsync(http, views, machines.SetNextBootAsync(parsed, request!.At(time.GetUtcNow()), ct));
    }

    /// <summary>Takes the next boot back.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> ClearNextBoot(
        string name, MachineStore machines, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? (await machines.SetNextBootAsync(parsed, null, ct)).Problem
            : Problem.NotFound("machine", name));

    /// <summary>Forgets that the machine's profile has succeeded, so that it boots it again.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> ClearCompletion(
        string name, MachineStore machines, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? (await machines.ClearCompletionAsync(parsed, ct)).Problem
            : Problem.NotFound("machine", name));

    /// <summary>Arms a release of the machine's secrets: its next boot that succeeds has them.</summary>
    /// <remarks>Only where its secretRelease is once: otherwise every boot has them.</remarks>
    private static Task<Results<Ok<MachineView>, ProblemHttpResult>> ArmRelease(
        string name, HttpContext http, MachineStore machines, MachineViews views, CancellationToken ct) =>
        ResourceName.TryParse(name, out var parsed)
            ? ShowAsync(http, views, machines.ArmReleaseAsync(parsed, ct))
            : Task.FromResult<Results<Ok<MachineView>, ProblemHttpResult>>(
                Problem.NotFound("machine", name).ToResult());

    /// <summary>Forgets the UUID and serial that the machine is compared with; its next boot sets them anew.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> ClearReference(
        string name, MachineStore machines, CancellationToken ct) =>
        Answers.Gone(ResourceName.TryParse(name, out var parsed)
            ? (await machines.ClearReferenceAsync(parsed, ct)).Problem
            : Problem.NotFound("machine", name));

    private static async Task<Results<Ok<MachineView>, ProblemHttpResult>> ShowAsync(
        HttpContext http, MachineViews views, Task<Saved<Machine>> saving)
    {
        var saved = await saving;
        return saved.Resource is { } machine
            ? Answers.Show(http, views.Of(machine), machine.Revision)
            : saved.Problem!.ToResult();
    }

    private static Problem NameFault(string name) =>
        Problem.Invalid("$.name", $"'{(name.Length > 80 ? name[..80] : name)}' must be {ResourceName.Expected}");
}
