using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Machines;

/// <summary>What a machine shall get at its next boot only; exactly one member.</summary>
/// <param name="Profile">Name of a profile.</param>
/// <param name="Action"><c>local</c>, <c>menu</c> or <c>shell</c>.</param>
public sealed record NextBootRequest(string? Profile, string? Action)
{
    internal static (NextBootRequest? Request, Problem? Problem) Parse(JsonElement body)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var request = new NextBootRequest(
            fields.Parsed<ResourceName>("profile")?.ToString(), fields.Choice("action", "local", "menu", "shell"));
        fields.RefuseOthers("setAt");
        if (!errors.Any && request is { Profile: null, Action: null } or { Profile: not null, Action: not null })
            errors.Add("$", "must have either a profile or an action, for example {\"action\": \"local\"}");
        return errors.Any ? (null, Problem.Invalid(errors)) : (request, null);
    }

    /// <summary>Set at an instant of whole milliseconds, as boots' tokens count them.</summary>
    internal NextBoot At(DateTimeOffset now) =>
        new(Profile, Action, DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()));
}
