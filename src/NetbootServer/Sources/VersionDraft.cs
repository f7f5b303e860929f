using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Api;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images;
using NetbootServer.Sources.Layouts;

namespace NetbootServer.Sources;

/// <summary>A version as it comes together, system by system and variant by variant.</summary>
internal sealed class VersionDraft
{
    private readonly SortedDictionary<string, SystemRecipe> _systems = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SourcedClosure> _closures = new(StringComparer.Ordinal);
    private readonly HashSet<Sha256Digest> _holds = [];

    /// <summary>Where the version comes from.</summary>
    public JsonObject Provenance { get; } = [];

    /// <summary>Adds what was found for a system, or for a variant of it.</summary>
    /// <param name="system">The Nix system.</param>
    /// <param name="variant">The variant; null for the system itself.</param>
    /// <param name="parts">What was found.</param>
    /// <exception cref="SourceException">A variant has no kernel with initrd.</exception>
    public void Add(string system, string? variant, BootParts parts)
    {
        foreach (var packed in parts.Packed) Hold(packed);
        var has = _systems.GetValueOrDefault(system) ?? new SystemRecipe();
        if (variant is null)
        {
            _systems[system] = parts.ToSystem() with { Variants = has.Variants };
            return;
        }
        var boots = parts.ToVariant() ?? throw new SourceException(SourceProblems.NotBootable,
            $"The variant {variant} has no kernel with initrd; a variant is only for booting.");
        _systems[system] = has with { Variants = has.VariantsOrNone.SetItem(variant, boots) };
    }

    /// <summary>Adds what a system has.</summary>
    public void Add(string system, SystemRecipe recipe) => _systems[system] = recipe;

    /// <summary>Adds a closure.</summary>
    public void Add(string system, string? variant, SourcedClosure closure)
    {
        _systems.TryAdd(system, new SystemRecipe());
        _closures[variant is null ? system : $"{system}/{variant}"] = closure;
    }

    /// <summary>A blob that has to stay as long as the version.</summary>
    public void Hold(Sha256Digest blob) => _holds.Add(blob);

    /// <summary>What a part of the version was made from.</summary>
    public JsonObject From(string system, string? variant)
    {
        var of = Member(Member(Provenance, "systems"), system);
        return variant is null ? of : Member(Member(of, "variants"), variant);
    }

    private static JsonObject Member(JsonObject of, string name)
    {
        if (of[name] is JsonObject has) return has;
        var made = new JsonObject();
        of[name] = made;
        return made;
    }

    /// <summary>A value for <see cref="Provenance"/>.</summary>
    public static JsonNode? Json<T>(T value) => JsonSerializer.SerializeToNode(value, JsonBody.Writing);

    /// <summary>The version.</summary>
    public SourcedVersion Finish() => new()
    {
        Systems = _systems.ToImmutableSortedDictionary(StringComparer.Ordinal),
        Closures = _closures.ToImmutableSortedDictionary(StringComparer.Ordinal),
        Holds = [.. _holds],
        Provenance = Provenance,
    };
}
