using Microsoft.AspNetCore.Mvc;
using NetbootServer.Access;
using NetbootServer.Api;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>Many machines at once in the API.</summary>
internal static class ImportApi
{
    public static void MapImport(this IEndpointRouteBuilder machines)
    {
        machines.MapPost("/import", Import)
            .Accepts<MachineSpec[]>(MachineFormats.Json, MachineFormats.Csv, MachineFormats.Yaml)
            .Example("""[{"name": "rack3-node07", "macs": ["52:54:00:12:34:07"], "labels": {"rack": "3"}}]""",
                MachineFormats.Json)
            .Example("name,macs,labels\nrack3-node08,52:54:00:12:34:08,rack=3\n", MachineFormats.Csv)
            .Example("- name: rack3-node09\n  macs: [\"52:54:00:12:34:09\"]\n", MachineFormats.Yaml)
            .Produces<ImportReport>().Refuses(ProblemTypes.OfBodies).RequireAuthorization(RolePolicies.Operator);
        machines.MapGet("/export", Export)
            .Produces<MachineSpec[]>(200, MachineFormats.Json, MachineFormats.Csv, MachineFormats.Yaml)
            .Query("format", "csv, json or yaml; else Accept decides.")
            .Query("q", "As in the list of machines; so are label, state and profile.")
            .Query("label", "A label that machines must have: k=v, or k for any value.", many: true)
            .Query("state", "registered (default) or discovered.")
            .Query("profile", "Only machines whose own profile this is.")
            .Refuses(ProblemTypes.MalformedRequest);
    }

    /// <summary>Registers and changes many machines at once: all of them, or none.</summary>
    /// <remarks>
    /// CSV has a header row of name, rename, macs, uuid, serial, asset, arch, profile, variant, version, labels,
    /// kernelArguments, notes (any of them with name and one of macs, uuid, serial and rename, the new name); several
    /// values in a cell are separated by spaces, labels are k=v, a column that is not there leaves its values as they
    /// are. JSON and YAML are a list of machines as PUT takes them, each with its name, or with name and rename alone.
    /// Machines of one import may exchange names. Naming a MAC of a discovered machine takes it over. 422 lists the
    /// faults by line.
    /// </remarks>
    /// <param name="dryRun">Only say what would change.</param>
    /// <param name="http">The request.</param>
    /// <param name="import">Imports.</param>
    /// <param name="ct">Ends the import; nothing has changed then.</param>
    private static async Task<IResult> Import(
        [FromQuery] bool? dryRun, HttpContext http, MachineImport import, CancellationToken ct)
    {
        var (answer, problem) = await import.RunAsync(http.Request, dryRun ?? false, ct);
        return answer as IResult ?? problem!.ToResult();
    }

    /// <summary>All registered machines as an import takes them.</summary>
    /// <remarks>
    /// The format is that of format (csv, json, yaml) or of Accept. Filters as in the list: q, label, profile, state;
    /// state=discovered gives those that wait for approval. Importing an export changes nothing.
    /// </remarks>
    private static IResult Export(HttpContext http, Database database)
    {
        if (MachineFormats.OfAnswer(http.Request) is not { } format)
            return new Problem(ProblemTypes.MalformedRequest, "format must be csv, json or yaml.").ToResult();
        var (query, problem) = MachineQuery.Of(http.Request.Query);
        return query is null
            ? problem!.ToResult()
            : new MachineExport(database, query with { State = query.State ?? MachineState.Registered }, format);
    }
}
