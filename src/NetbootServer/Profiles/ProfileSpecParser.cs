using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Overlays;

namespace NetbootServer.Profiles;

/// <summary>Turns a request body into a <see cref="ProfileSpec"/>, or into all of its faults.</summary>
internal static class ProfileSpecParser
{
    private static readonly string[] ReadOnly = JsonFields.ReadOnlyOf<ProfileView, ProfileSpec>();

    /// <summary>A profile to be saved: its template must work.</summary>
    public static ProfileSpec? Parse(JsonElement body, ValidationErrors errors)
    {
        var spec = Read(body, errors);
        if (FaultOfTemplate(spec) is { } fault) errors.Add("$.template", fault.Message);
        return errors.Any ? null : spec;
    }

    /// <summary>A profile that is only looked at: its template may have faults.</summary>
    public static ProfileSpec? ParseUntried(JsonElement body, ValidationErrors errors)
    {
        var spec = Read(body, errors);
        return errors.Any ? null : spec;
    }

    private static ProfileSpec Read(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var spec = new ProfileSpec
        {
            Image = fields.RequiredParsed<ResourceName>("image").ToString(),
            Version = fields.Text("version", ImageVersion.IdLength),
            Variant = Variant(fields),
            Selector = Labels.Read(fields, "selector"),
            Priority = fields.Whole("priority", -1_000_000, 1_000_000) ?? 0,
            KernelArguments = KernelArgument.ReadList(fields, "kernelArguments"),
            Overlay = OverlayParser.Read(fields, "overlay"),
            Menu = ProfileMenu.Read(fields),
            Template = fields.Text("template", ScriptTemplate.MaxLength, lines: true),
            LocalDisk = fields.Choice("localDisk", [.. LocalDiskWay.All]),
            After = fields.Choice("after", "repeat", "local") ?? "repeat",
            Expects = fields.Choice("expects", "auto", "ready", "up") ?? "auto",
        };
        fields.RefuseOthers(ReadOnly);
        return spec;
    }

    /// <summary>What is wrong with a profile's template, tried with made-up values; null when nothing is.</summary>
    public static ScriptTemplateException? FaultOfTemplate(ProfileSpec spec)
    {
        try
        {
            if (spec.Template is not { } template) return null;
            var sample = TemplateValues.Sample(spec);
            return ScriptLine.FaultIn(ScriptTemplate.Of(template).Render(sample), sample);
        }
        catch (ScriptTemplateException e)
        {
            return e;
        }
    }

    /// <summary>A variant: a name that a Nix attribute may have, or <c>{machine}</c>.</summary>
    internal static string? Variant(JsonFields fields)
    {
        var variant = fields.Text("variant", 128);
        if (variant is not (null or "{machine}")
            && !variant.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '\''))
            fields.Fault("variant", "must be the name of a variant (letters, digits, '-', '_', '.'), or {machine} " +
            "for the machine's own name");
        return variant;
    }
}
