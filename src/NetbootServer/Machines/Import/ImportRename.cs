using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Machines.Import;

/// <summary>What a machine of a file says of its new name.</summary>
/// <param name="NewName">The new name; null for none.</param>
/// <param name="Body">The machine as the parser of machines takes it.</param>
/// <param name="Left">What stays as it is, see <see cref="ImportRow.Left"/>.</param>
internal readonly record struct ImportRename(string? NewName, JsonElement Body, ImmutableArray<string> Left)
{
    private static readonly string[] Keys = ["macs", "uuid", "serial"];

    /// <summary>Stands for the MACs of a machine that keeps its own, and is never stored.</summary>
    private static readonly JsonElement SomeMac = JsonElement.Parse("""["02:00:00:00:00:01"]""");

    /// <summary>Reads it, or notes its faults.</summary>
    /// <param name="body">The machine in the file.</param>
    /// <param name="isWhole">What the file leaves out is unset, unless it has the two names of a machine alone.</param>
    /// <param name="errors">Where faults go.</param>
    public static ImportRename Of(JsonElement body, bool isWhole, ValidationErrors errors)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(ImportRow.RenameMember, out _))
            return new(null, body, []);
        var newName = new JsonFields(body, "$", errors).Parsed<ResourceName>(ImportRow.RenameMember)?.ToString();
        var members = body.EnumerateObject().Where(member => member.Name != ImportRow.RenameMember)
            .ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        var said = members.Where(member => member.Value.ValueKind != JsonValueKind.Null)
            .Select(member => member.Key).ToHashSet();
        ImmutableArray<string> left = [];
        if (newName is not null && !said.Contains("macs"))
        {
            if (!isWhole) left = said.Overlaps(Keys) ? ["macs"] : [.. Keys];
            else if (said.SetEquals(["name"])) left = ["*"];
            if (left is not []) members["macs"] = SomeMac;
        }
        return new(newName, JsonSerializer.SerializeToElement(members), left);
    }
}
