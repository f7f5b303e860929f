using System.Text.Json;
using NetbootServer.Http;
using NetbootServer.Images;

namespace NetbootServer.Profiles;

/// <summary>Turns a request body into a <see cref="ProfileSpec"/>, or into all of its faults.</summary>
internal static class ProfileSpecParser
{
    private static readonly string[] ReadOnly = ["name", "revision", "createdAt", "updatedAt"];

    public static ProfileSpec? Parse(JsonElement body, ValidationErrors errors)
    {
        var fields = new JsonFields(body, "$", errors);
        var spec = new ProfileSpec
        {
            Image = fields.RequiredWord<ResourceName>("image").ToString(),
            Version = fields.Text("version", ImageVersion.IdLength),
            Variant = Variant(fields),
            Selector = Labels.Read(fields, "selector"),
            Priority = fields.Whole("priority", -1_000_000, 1_000_000) ?? 0,
            KernelArguments = KernelArgument.ReadList(fields, "kernelArguments"),
            Menu = ProfileMenu.Read(fields),
            Template = fields.Text("template", ScriptTemplate.MaxLength, lines: true),
            After = fields.Choice("after", "repeat", "local") ?? "repeat",
            Expects = fields.Choice("expects", "auto", "ready", "up") ?? "auto",
        };
        fields.RefuseOthers(ReadOnly);
        if (spec.Template is { } template && TemplateFault(template, spec) is { } fault) fields.Fault("template", fault);
        return errors.Any ? null : spec;
    }

    private static string? TemplateFault(string template, ProfileSpec spec)
    {
        try
        {
            ScriptTemplate.Of(template).Render(TemplateValues.Sample(spec));
            return null;
        }
        catch (ScriptTemplateException e)
        {
            return e.Message;
        }
    }

    /// <summary>A variant: a name that a Nix attribute may have, or <c>{machine}</c>.</summary>
    internal static string? Variant(JsonFields fields)
    {
        var variant = fields.Text("variant", 128);
        if (variant is not (null or "{machine}") && !variant.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '\''))
            fields.Fault("variant", "must be the name of a variant (letters, digits, '-', '_', '.'), or {machine} for the machine's own name");
        return variant;
    }
}
