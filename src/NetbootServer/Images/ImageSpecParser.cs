using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Jobs;

namespace NetbootServer.Images;

/// <summary>Turns a request body into an <see cref="ImageSpec"/>, or into all of its faults.</summary>
/// <param name="sources">Checks the source.</param>
/// <param name="time">The clock.</param>
internal sealed class ImageSpecParser(ISourceRequests sources, TimeProvider time)
{
    private const int MaxKeep = 1000;
    private static readonly string[] ReadOnly = JsonFields.ReadOnlyOf<ImageView, ImageSpec>();

    public ImageSpec? Parse(JsonElement body, ValidationErrors errors) => Parse(body, new(null, null), errors);

    /// <summary>Reads a change of an image.</summary>
    /// <param name="body">The whole image as it shall be.</param>
    /// <param name="before">What it is now, and what a PATCH says.</param>
    /// <param name="errors">Where faults are noted.</param>
    public ImageSpec? Parse(JsonElement body, SpecBefore<ImageSpec> before, ValidationErrors errors)
    {
        var fields = new JsonFields(sources.Expand(body, before, errors), "$", errors);
        var systems = fields.TextList("systems", NixSystem.All.Count, 32);
        for (var i = 0; i < systems.Length; i++)
            if (!NixSystem.All.Contains(systems[i]))
                fields.Fault($"systems[{i}]", $"must be one of {string.Join(", ", NixSystem.All.Order())}");
        ImmutableArray<string> wanted = systems is [] ? [NixSystem.Own]
            : [.. systems.Distinct().Order(StringComparer.Ordinal)];
        var spec = new ImageSpec
        {
            Source = Source(fields, wanted),
            Preset = fields.Parsed<ResourceName>("preset")?.ToString(),
            Schedule = fields.Text("schedule", 120),
            TimeZone = TimeZone(fields),
            Keep = fields.Whole("keep", 1, MaxKeep) ?? 3,
            Systems = wanted,
        };
        if (spec.Schedule is not null && CronSchedule.Fault(spec.Schedule) is { } fault)
            fields.Fault("schedule", fault);
        else if (spec.Schedule is not null && spec.NextRefresh(time.GetUtcNow()) is null)
            fields.Fault("schedule", "names a time that never comes");
        else if (spec.Schedule is not null && !errors.Any && spec.SourceType == "upload")
            fields.Fault("schedule", "an upload image has nothing to refresh on a schedule: leave it out");
        fields.RefuseOthers(ReadOnly);
        return errors.Any ? null : spec;
    }

    private JsonElement Source(JsonFields fields, ImmutableArray<string> systems)
    {
        if (fields.Element("source") is not { } source)
        {
            fields.Fault("source", "is required; for example {\"type\": \"upload\"}");
            return default;
        }
        if (source.ValueKind != JsonValueKind.Object) fields.Fault("source", "must be an object with a type");
        else sources.Check(source, fields.PathOf("source"), systems, fields.Errors);
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
