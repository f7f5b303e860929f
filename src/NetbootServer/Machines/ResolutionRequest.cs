using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Machines;

/// <summary>An operator's decision about a machine that contradicts a registration.</summary>
/// <param name="Action">
/// <c>take-over</c>: it is the registered machine, whose MACs, UUID and serial become what it reports; <c>register</c>:
/// it is another machine.
/// </param>
/// <param name="Name">Name of the other machine, with <c>register</c>.</param>
public sealed record ResolutionRequest(string Action, string? Name)
{
    internal static (ResolutionRequest? Request, Problem? Problem) Parse(JsonElement body)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var request = new ResolutionRequest(
            fields.Choice("action", "take-over", "register") ?? "", fields.Parsed<ResourceName>("name")?.ToString());
        fields.RefuseOthers();
        if (!errors.Any && request.Action.Length == 0)
            fields.Fault("action", "is required: take-over when it is the same machine, register when it is another " +
            "one");
        if (!errors.Any && request is { Action: "register", Name: null })
            fields.Fault("name", "is required: the name of the machine to register");
        if (!errors.Any && request is { Action: "take-over", Name: not null })
            fields.Fault("name", "belongs to register; take-over changes the machine that the alarm names");
        return errors.Any ? (null, Problem.Invalid(errors)) : (request, null);
    }
}
