using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Images;

namespace NetbootServer.Sources.Presets;

/// <summary>
/// Fills an image's body in from the preset that it names. A whole <c>source</c> beside it counts as it is: that is an
/// image which was made of the preset before. A <c>source</c> without a type is merged over the preset's (RFC 7396). A
/// PATCH that names another preset takes that one's source.
/// </summary>
internal static class PresetExpansion
{
    /// <summary>The body with everything that the preset has and it has not.</summary>
    /// <param name="body">The whole image as it shall be.</param>
    /// <param name="before">What it is now, and what a PATCH says.</param>
    /// <param name="read">Reads the presets.</param>
    /// <param name="errors">Every fault is noted there.</param>
    public static JsonElement Expand(JsonElement body, SpecBefore<ImageSpec> before, Func<PresetFiles> read,
        ValidationErrors errors)
    {
        if (body.ValueKind != JsonValueKind.Object || Text(body, "preset") is not { } name) return body;
        var isNew = name != before.Current?.Preset;
        // What another preset has left is not of this one.
        var source = SourceOf(isNew && before.Patch is { ValueKind: JsonValueKind.Object } patch ? patch : body);
        var isWhole = source is { } given
            && (given.ValueKind != JsonValueKind.Object || given.TryGetProperty("type", out _));
        if (isWhole && !isNew) return body;
        var files = read();
        if (isWhole && files.Presets.ContainsKey(name)) return body;
        if (!files.Presets.TryGetValue(name, out var preset))
        {
            errors.Add("$.preset", files.Faults.FirstOrDefault(fault =>
                Path.GetFileNameWithoutExtension(fault.File) == name) is { } broken
                ? $"is a file that cannot be used: {broken.File}, line {broken.Line}: {broken.Fault}"
                : $"is none of {string.Join(", ", files.Presets.Keys)}");
            return WithSource(body, """{"type":"upload"}"""); // one fault is enough
        }
        return Filled(body, preset, source, errors);
    }

    private static JsonElement? SourceOf(JsonElement body) =>
        body.TryGetProperty("source", out var source) && source.ValueKind != JsonValueKind.Null ? source : null;

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString() : null;

    private static JsonElement WithSource(JsonElement body, string source)
    {
        var with = JsonNode.Parse(body.GetRawText())!.AsObject();
        with["source"] = JsonNode.Parse(source);
        return JsonSerializer.SerializeToElement(with);
    }

    private static JsonElement Filled(JsonElement body, Preset preset, JsonElement? patch, ValidationErrors errors)
    {
        var filled = JsonNode.Parse(body.GetRawText())!.AsObject();
        var source = patch is { } over ? JsonBody.Merge(preset.Source, over) : preset.Source;
        filled["source"] = JsonNode.Parse(source.GetRawText());
        if (filled.TryGetPropertyValue("kernelArguments", out var arguments))
        {
            filled.Remove("kernelArguments");
            filled["source"]!["kernelArguments"] = arguments?.DeepClone();
        }
        if (filled["schedule"] is null && !filled.ContainsKey("schedule") && preset.Schedule is not null)
            filled["schedule"] = preset.Schedule;
        if (filled["systems"] is null or JsonArray { Count: 0 })
            filled["systems"] = new JsonArray(preset.Systems.Contains(NixSystem.Own) ? NixSystem.Own
                : preset.Systems[0]);
        else if (filled["systems"] is JsonArray systems)
            foreach (var (i, system) in systems.Index())
                if (system is JsonValue value && value.TryGetValue<string>(out var text)
                    && !preset.Systems.Contains(text))
                    errors.Add($"$.systems[{i}]", $"is not there for {preset.Title}, only " +
                        string.Join(", ", preset.Systems));
        return JsonSerializer.SerializeToElement(filled);
    }
}
