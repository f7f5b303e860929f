using System.Text.Json;
using NetbootServer.Http;

namespace NetbootServer.Images;

/// <summary>Turns a request body into an <see cref="ImageSpec"/>, or into all of its faults.</summary>
internal static class ImageSpecParser
{
    private const int MaxKeep = 1000;
    private static readonly string[] ReadOnly =
    [
        "name", "revision", "current", "held", "createdAt", "updatedAt", "lastRefreshedAt", "nextRefreshAt", "sizeBytes",
    ];

    public static ImageSpec? Parse(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var source = Source(fields);
        var systems = fields.TextList("systems", NixSystem.All.Count, 32);
        for (var i = 0; i < systems.Length; i++)
            if (!NixSystem.All.Contains(systems[i]))
                fields.Fault($"systems[{i}]", $"must be one of {string.Join(", ", NixSystem.All.Order())}");
        var spec = new ImageSpec
        {
            Source = source,
            Schedule = fields.Text("schedule", 120),
            TimeZone = TimeZone(fields),
            Keep = fields.Whole("keep", 1, MaxKeep) ?? 3,
            Systems = systems is [] ? [NixSystem.Own] : [.. systems.Distinct().Order(StringComparer.Ordinal)],
        };
        if (spec.Schedule is not null)
            fields.Fault("schedule", "an upload image has nothing to refresh on a schedule: leave it out");
        fields.RefuseOthers(ReadOnly);
        return errors.Any ? null : spec;
    }

    private static JsonElement Source(JsonFields fields)
    {
        if (fields.Element("source") is not { } source)
        {
            fields.Fault("source", "is required; for example {\"type\": \"upload\"}");
            return default;
        }
        var inner = new JsonFields(source, fields.PathOf("source"), fields.Errors);
        if (source.ValueKind == JsonValueKind.Object && inner.Element("type") is null)
            inner.Fault("type", "is required; for example \"upload\"");
        inner.Choice("type", "upload");
        inner.RefuseOthers();
        return source;
    }

    private static string? TimeZone(JsonFields fields)
    {
        var name = fields.Text("timeZone", 64);
        if (name is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out _))
            fields.Fault("timeZone", $"'{name}' is no time zone known here; for example Europe/Berlin");
        return name;
    }
}
