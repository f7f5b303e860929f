using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Boots.Transfers;
using NetbootServer.Images;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;

namespace NetbootServer.Boots;

/// <summary>Boots in the API, and what a machine would get and why.</summary>
internal static class BootsApi
{
    public static void MapBoots(this IEndpointRouteBuilder api)
    {
        var reading = api.MapGroup("").RequireAuthorization(RolePolicies.Viewer);
        reading.MapGet("/boots", List).WithTags("Boots");
        reading.MapGet("/boots/{id}", Get).WithTags("Boots").Refuses(ProblemTypes.NotFound);
        reading.MapGet("/boots/{id}/rates", Rates).WithTags("Boots").Refuses(ProblemTypes.NotFound);
        reading.MapGet("/machines/{name}/boots", ListOfMachine).WithTags("Boots").Refuses(ProblemTypes.NotFound);
        reading.MapPost("/profiles/{name}/preview", Preview).WithTags("Profiles")
            .RequireAuthorization(RolePolicies.Operator)
            .Accepts<ProfileSpec>("application/json").Requires("image")
            .Query("machine", "The machine to try it for; none: one that nothing is known of.")
            .Query("onError", "With 'describe' a faulty template is not refused: the answer has the fault and the " +
                "built-in script.")
            .Example("""{"image": "nixos-unstable", "template": "#!ipxe\n{{ begin }}\n{{ load }}\n{{ failed }}\n"}""")
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NotFound, ProblemTypes.TooManyPreviews);
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

    /// <summary>How fast a boot has taken its bytes, from the first one on.</summary>
    /// <remarks>
    /// At most 240 samples, each of half a second at first and of more when the boot lasts longer. They are kept in
    /// memory until 15 minutes after the boot's last byte, of the 2000 boots that moved last; of others, and of boots
    /// before a restart, there are none.
    /// </remarks>
    private static async Task<Results<Ok<BootRates>, ProblemHttpResult>> Rates(
        string id, RateHistory rates, BootHistory history, CancellationToken ct)
    {
        var samples = rates.Of(id);
        return samples.Length > 0 || await history.FindAsync(id, ct) is not null
            ? TypedResults.Ok(new BootRates(samples))
            : Problem.NotFound("boot", id).ToResult();
    }

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
            ? Paging.Of(limit, after, CursorKind.Instant)
            : (new(1, null), new(ProblemTypes.MalformedRequest,
                $"outcome must be one of {string.Join(", ", Outcomes.All)}."));

    /// <summary>What the machine would get now, and why; nothing is recorded.</summary>
    /// <remarks>
    /// Query parameters under the names of a script request stand in for what the machine last reported.
    /// </remarks>
    private static async Task<Results<Ok<PlanAnswer>, ProblemHttpResult>> Plan(
        string name, HttpContext http, MachineStore machines, Catalog catalog, LinksOfRequest links,
        OverlayPreview overlays, BootPrograms programs, CancellationToken ct)
    {
        if (await machines.FindAsync(name, ct) is not { } machine) return Problem.NotFound("machine", name).ToResult();
        var asked = MachineIdentity.FromQuery(http.Request.QueryString.Value ?? "");
        try
        {
            var (view, planned) = await catalog.PlanAsync(machine, asked, ct);
            return TypedResults.Ok(await PlanAnswer.Of(view, planned, links.For(http), overlays)
                .WithProgramAsync(programs, planned.Identity, ct));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Problem(ProblemTypes.NotNow, "The database does not answer in time; ask again.").ToResult();
        }
    }

    /// <summary>What a machine would get if this profile, not yet saved, were its own; nothing is recorded.</summary>
    /// <remarks>The body is as for PUT. Each caller gets one preview at a time; a few more wait their turn.</remarks>
    private static async Task<Results<Ok<PlanAnswer>, ProblemHttpResult>> Preview(string name, string? machine,
        string? onError, HttpContext http, MachineStore machines, Catalog catalog, LinksOfRequest links,
        PreviewLimit turns,
        OverlayPreview overlays, BootPrograms programs, TimeProvider time, CancellationToken ct)
    {
        if (!ResourceName.TryParse(name, out _)) return Problem.NotFound("profile", name).ToResult();
        var (change, problem) = await SpecChange<ProfileSpec>.ReadAsync(http.Request,
            onError == "describe" || http.Request.Query["faults"] == "tell" ? ProfileSpecParser.ParseUntried
            : ProfileSpecParser.Parse, ct, OverlayParser.MaxBodyBytes);
        if (problem is not null) return problem.ToResult();
        using var turn = await turns.TakeAsync(http, ct);
        if (turn is null) return PreviewLimit.TooMany(http).ToResult();
        var wanted = change.Apply("profile", name, current: null);
        if (wanted.Problem is { } invalid) return invalid.ToResult();
        var now = time.GetUtcNow();
        var found = machine is null
            ? new Machine("any-machine", new MachineSpec { Macs = [] }, 0)
            {
                Id = 0, State = MachineState.Registered, CreatedAt = now, UpdatedAt = now,
            }
            : await machines.FindAsync(machine, ct);
        if (found is null) return Problem.NotFound("machine", machine!).ToResult();
        var profile = new Profile(name, wanted.Resource!, 0) { CreatedAt = now, UpdatedAt = now };
        var answer = await PlanAnswer.With(profile, catalog.ViewOf(found), links.For(http), overlays)
            .WithProgramAsync(programs, MachineIdentity.ExpectedOf(found), ct);
        return TypedResults.Ok(ProfileSpecParser.FaultOfTemplate(profile.Spec) is { } fault
            ? answer with { TemplateFault = new(fault.Message, fault.Line, Refused: true) } : answer);
    }
}
