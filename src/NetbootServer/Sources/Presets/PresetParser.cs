using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using NetbootServer.Api;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Jobs;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Presets;

/// <summary>Turns a preset's document into a <see cref="Preset"/>, or into all of its faults by JSON path.</summary>
internal static class PresetParser
{
    private const int MaxText = 4000;

    // What this server's settings allow is looked at when an image is made of it.
    private static readonly SourceSpecParser Sources = new(
        new SourceRules(Options.Create(new SourcesOptions())).Fault, _ => null, _ => null);

    /// <summary>Reads a preset.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="origin">Where it comes from: <c>builtin</c> or <c>own</c>.</param>
    /// <param name="document">The document.</param>
    /// <param name="errors">Every fault is noted there.</param>
    /// <returns>The preset; null when there is a fault.</returns>
    public static Preset? Parse(string name, string origin, JsonElement document, ValidationErrors errors)
    {
        var fields = new JsonFields(document, "$", errors);
        if (!ResourceName.TryParse(name, out _))
            fields.Errors.Add("$",
                $"has the name '{name}', which no image can have: it must be {ResourceName.Expected}");
        var systems = Systems(fields);
        var source = fields.Element("source") ?? default;
        if (source.ValueKind != JsonValueKind.Object) fields.Fault("source", "is required: an image's source");
        else Sources.Parse(source, fields.PathOf("source"), systems, errors);
        var preset = new Preset
        {
            Name = name, Origin = origin, Systems = systems, Source = source,
            Title = Required(fields, "title", "Debian stable, installer"),
            Description = Required(fields, "description", "Installs Debian over the network"),
            Schedule = Schedule(fields),
            MemoryBytes = Bytes(fields, "memoryBytes"),
            DownloadBytes = Bytes(fields, "downloadBytes"),
            Firmware = Firmware(fields),
            Notes = fields.Text("notes", MaxText, lines: true),
            Facts = Facts(fields),
            Tried = fields.Flag("tried") ?? false,
            KernelArguments = ArgumentsOf(source),
        };
        fields.RefuseOthers();
        return errors.Any ? null : preset;
    }

    private static ImmutableArray<string> Systems(JsonFields fields)
    {
        var systems = fields.TextList("systems", NixSystem.All.Count, 32);
        if (systems.IsEmpty) fields.Fault("systems", "needs at least one, such as x86_64-linux");
        for (var i = 0; i < systems.Length; i++)
            if (!NixSystem.All.Contains(systems[i]))
                fields.Fault($"systems[{i}]", $"must be one of {string.Join(", ", NixSystem.All.Order())}");
        return systems;
    }

    private static string Required(JsonFields fields, string name, string example)
    {
        if (fields.Element(name) is null) fields.Fault(name, $"is required; for example '{example}'");
        return fields.Text(name, MaxText) ?? "";
    }

    private static string? Schedule(JsonFields fields)
    {
        var schedule = fields.Text("schedule", 120);
        if (schedule is not null && CronSchedule.Fault(schedule) is { } fault) fields.Fault("schedule", fault);
        return schedule;
    }

    private static long? Bytes(JsonFields fields, string name)
    {
        if (fields.Element(name) is not { } element) return null;
        if (element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var bytes) && bytes > 0) return bytes;
        fields.Fault(name, "must be a number of bytes");
        return null;
    }

    private static ImmutableArray<string> Firmware(JsonFields fields)
    {
        var firmware = fields.TextList("firmware", 2, 8);
        if (firmware.IsEmpty || firmware.Any(one => one is not ("bios" or "efi")))
            fields.Fault("firmware", "must be a list of bios, efi or both");
        return firmware;
    }

    private static PresetFacts Facts(JsonFields fields)
    {
        if (fields.Element("facts") is not { } element)
        {
            fields.Fault("facts", "is required: the page where its facts stand, and the date when they were read");
            return new("", "");
        }
        var inner = new JsonFields(element, fields.PathOf("facts"), fields.Errors);
        var facts = new PresetFacts(Required(inner, "page", "https://example.org/docs"),
            Required(inner, "date", "2026-11-30"));
        if (!DateOnly.TryParseExact(facts.Date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            inner.Fault("date", "must be a date such as 2026-11-30");
        inner.RefuseOthers();
        return facts;
    }

    private static ImmutableArray<string>? ArgumentsOf(JsonElement source) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty("kernelArguments", out var arguments)
            && arguments.ValueKind == JsonValueKind.Array
            ? [.. arguments.EnumerateArray().Select(argument => argument.ToString())] : null;
}
