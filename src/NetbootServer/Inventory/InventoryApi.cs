using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using NetbootServer.Access;
using NetbootServer.Access.Auditing;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Machines.Import;
using NetbootServer.Profiles;
using NetbootServer.Storage;

namespace NetbootServer.Inventory;

/// <summary>What files declare, in the API.</summary>
internal static class InventoryApi
{
    public static void MapInventory(this IEndpointRouteBuilder api)
    {
        var inventory = api.MapGroup("/inventory").WithTags("Inventory").RequireAuthorization(RolePolicies.Viewer);
        inventory.MapGet("", Get);
        inventory.MapGet("/export", Export).Produces<string>(200, MachineFormats.Yaml);
        inventory.MapPost("/confirmations", Confirm)
            .Refuses(ProblemTypes.OfBodies).Refuses(ProblemTypes.NothingWaits)
            .RequireAuthorization(RolePolicies.Operator);
    }

    /// <summary>What the files of Inventory:Directory declare, what is wrong with them, and what waits.</summary>
    private static Ok<InventoryView> Get(InventoryState state) => TypedResults.Ok(state.Current);

    /// <summary>All images, profiles and registered machines as a file of the inventory.</summary>
    /// <remarks>
    /// Each says adopt: true, so that the file, put into Inventory:Directory, takes over what the API has made, and
    /// changes nothing. Secrets are not in it: they stand as their fingerprints, by which this server keeps them.
    /// </remarks>
    private static InventoryExport Export(ImageCatalog images, ProfileCatalog profiles, Database database,
        TimeProvider time) => new(images, profiles, database, time.GetUtcNow());

    /// <summary>Lets a change of the files happen that removes more than Inventory:MaxRemovals.</summary>
    /// <remarks>
    /// The body is {"id": …} with the id of removals in GET /inventory, so that nothing else is confirmed than what was
    /// read there; without a body the change is confirmed that waits now. Answers when the change is made, or with the
    /// faults that the files have.
    /// </remarks>
    private static async Task<Results<Ok<InventoryView>, ProblemHttpResult>> Confirm(HttpContext http,
        InventoryState state, Database database, Audit audit, CancellationToken ct)
    {
        var (id, problem) = await IdAsync(http, ct);
        if (problem is not null) return problem.ToResult();
        if (state.Current.Removals is not { } waiting || (id is not null && id != waiting.Id))
            return new Problem(ProblemTypes.NothingWaits, state.Current.Removals is { } other
                ? $"Another change waits now, {other.Id}: it removes {other.Count} of {other.Of} resources."
                : "No change of the inventory waits.").ToResult();
        await database.WriteAsync((db, _) =>
        {
            audit.Add(db, new("confirm", "inventory", waiting.Id) { After = new { waiting.Count, waiting.Of } });
            return Task.FromResult(true);
        }, ct);
        var view = await state.ConfirmAsync(waiting.Id, ct);
        if (view.State == InventoryView.Faulty) return Problem.Invalid(ErrorsOf(view)).ToResult();
        return view.State == InventoryView.Applied ? TypedResults.Ok(view)
            : new Problem(ProblemTypes.NothingWaits, "The files are others now: look at GET /api/v1/inventory again.")
                .ToResult();
    }

    private static ValidationErrors ErrorsOf(InventoryView view)
    {
        var errors = new ValidationErrors();
        foreach (var (file, line, fault) in view.Faults)
            errors.Add(line is null ? file ?? "inventory"
                : string.Create(CultureInfo.InvariantCulture, $"{file}:{line}"), fault);
        return errors;
    }

    private static async Task<(string? Id, Problem? Problem)> IdAsync(HttpContext http, CancellationToken ct)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
            || http.Request.ContentLength == 0) return (null, null);
        var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
        if (problem is not null) return (null, problem);
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var id = fields.Text("id", 64);
        fields.RefuseOthers();
        return errors.Any ? (null, Problem.Invalid(errors)) : (id, null);
    }
}
