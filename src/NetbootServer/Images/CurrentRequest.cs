using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Images;

/// <summary>Which version machines shall get.</summary>
/// <param name="Version">A kept version's id, or <c>newest</c>: then refreshes move it again.</param>
/// <param name="Hold">Whether refreshes leave it there; missing: yes, unless it is the newest.</param>
/// <param name="Reason">
/// Why it is held, for those who wonder later; at most 200 characters. Missing: what was said of the same hold before
/// stays; empty: it is taken away.
/// </param>
/// <param name="From">
/// The version that must be current for this to happen, so that one operator does not undo what another did meanwhile;
/// missing: any.
/// </param>
public sealed record CurrentRequest(string Version, bool? Hold, string? Reason, string? From)
{
    internal static (CurrentRequest? Request, Problem? Problem) Parse(JsonElement body)
    {
        var errors = new ValidationErrors();
        var fields = new JsonFields(body, "$", errors);
        var request = new CurrentRequest(fields.Text("version", ImageVersion.IdLength) ?? "", fields.Flag("hold"),
            fields.Text("reason", 200), fields.Text("from", ImageVersion.IdLength));
        if (fields.Element("version") is null)
            fields.Fault("version", "is required: the id of a kept version, or \"newest\"");
        fields.RefuseOthers();
        return errors.Any ? (null, Problem.Invalid(errors)) : (request, null);
    }
}
