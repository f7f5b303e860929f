using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;
using NetbootServer.Images;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Sources.Specs;

/// <summary>
/// A store path for the one system of an image, or an object with one for each system, each variant, or each variant
/// of each system.
/// </summary>
internal static class StorePathChoices
{
    private const string Expected =
        "must be a store path such as /nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-netboot, or an object with one per " +
        "system or variant";

    public static ImmutableArray<CachePathSpec> Read(JsonFields fields, string name, ImmutableArray<string> systems)
    {
        if (fields.Element(name) is not { } element)
        {
            fields.Fault(name, $"is required; it {Expected}");
            return [];
        }
        var found = ImmutableArray.CreateBuilder<CachePathSpec>();
        if (element.ValueKind == JsonValueKind.Object)
            ReadObject(fields, fields.PathOf(name), element, systems, null, found);
        else if (systems.Length > 1)
            fields.Fault(name, "needs one store path per system: an object such as {\"x86_64-linux\": " +
                "\"/nix/store/…\"}");
        else Add(fields, fields.PathOf(name), element, systems.FirstOrDefault(NixSystem.Own), null, found);
        foreach (var system in systems.Where(system => found.All(path => path.System != system)))
            if (found.Count > 0) fields.Fault(name, $"has no store path for {system}");
        return found.DrainToImmutable();
    }

    private static void ReadObject(JsonFields fields, string path, JsonElement element, ImmutableArray<string> systems,
        string? system, ImmutableArray<CachePathSpec>.Builder found)
    {
        foreach (var member in element.EnumerateObject())
        {
            var at = $"{path}.{member.Name}";
            if (system is null && NixSystem.All.Contains(member.Name))
            {
                if (!systems.Contains(member.Name)) fields.Errors.Add(at, "is not one of the image's systems");
                else if (member.Value.ValueKind == JsonValueKind.Object)
                    ReadObject(fields, at, member.Value, systems, member.Name, found);
                else Add(fields, at, member.Value, member.Name, null, found);
            }
            else if (SourceSpecParser.VariantFault(member.Name) is { } fault)
            {
                fields.Errors.Add(at, fault);
            }
            else if (system is null && systems.Length > 1)
            {
                fields.Errors.Add(at, "is a variant, but of which system? Put it into an object of its system");
            }
            else
            {
                Add(fields, at, member.Value, system ?? systems.FirstOrDefault(NixSystem.Own), member.Name, found);
            }
        }
    }

    private static void Add(JsonFields fields, string at, JsonElement element, string system, string? variant,
        ImmutableArray<CachePathSpec>.Builder found)
    {
        if (element.ValueKind == JsonValueKind.String && StorePath.TryParse(element.GetString(), out var path))
            found.Add(new CachePathSpec(system, variant, path));
        else fields.Errors.Add(at, Expected);
    }
}
