using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Images;

/// <summary>One immutable set of artifacts.</summary>
/// <param name="Id">
/// Hash of the artifacts' roles, names, order and digests and of the kernel arguments: equal bytes have equal ids.
/// </param>
/// <param name="Image">Name of the image it belongs to.</param>
/// <param name="CreatedAt">When it became visible.</param>
/// <param name="Systems">What it has, by Nix system.</param>
public sealed record ImageVersion(
    string Id, string Image, DateTimeOffset CreatedAt, ImmutableSortedDictionary<string, SystemRecipe> Systems)
{
    /// <summary>Characters of an id.</summary>
    public const int IdLength = 32;

    /// <summary>
    /// Counts versions in the order in which they became visible; the greatest of an image is its newest.
    /// </summary>
    public required long Sequence { get; init; }

    /// <summary>What it was made from: URLs, digests, store paths, who uploaded it.</summary>
    public JsonElement? Provenance { get; init; }

    /// <summary>
    /// Whether a boot of it that had fetched its files and reported ready has phoned home: then others are expected to,
    /// too.
    /// </summary>
    public bool PhonesHome { get; init; }

    /// <summary>Bytes of all its artifacts, equal ones counted once.</summary>
    public long SizeBytes => Systems.Values.SelectMany(system => system.All)
        .DistinctBy(part => part.Artifact.Sha256, StringComparer.Ordinal).Sum(part => part.Artifact.SizeBytes);

    /// <summary>The recipes of all systems and variants that boot, in an order that is the same for ever.</summary>
    public IEnumerable<Recipe> Recipes => Systems.OrderBy(system => system.Key, StringComparer.Ordinal)
        .SelectMany(system => system.Value.VariantsOrNone.OrderBy(variant => variant.Key, StringComparer.Ordinal)
            .Select(variant => variant.Value).Prepend(system.Value))
        .Where(recipe => recipe.Boots);

    /// <summary>
    /// How its initrds take a machine's own files: by system, of variants by <c>{system}/{variant}</c>. Those that were
    /// not looked into yet are missing.
    /// </summary>
    public ImmutableSortedDictionary<string, OverlayKind> OverlayKinds => Systems
        .SelectMany(system => system.Value.VariantsOrNone
            .Select(variant => (Name: $"{system.Key}/{variant.Key}", Recipe: variant.Value))
            .Prepend((Name: system.Key, Recipe: (Recipe)system.Value)))
        .Where(entry => entry.Recipe is { Boots: true, LayoutOrNone: not null })
        .ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Recipe.LayoutOrNone!.Kind,
            StringComparer.Ordinal);

    /// <summary>Whether it is known of all its initrds how they take a machine's own files.</summary>
    internal bool IsLookedInto => Recipes.All(recipe => recipe.LayoutOrNone is not null);

    /// <summary>The place of a recipe among <see cref="Recipes"/>; null when it is none of them.</summary>
    public int? NumberOf(Recipe recipe)
    {
        var number = 0;
        foreach (var known in Recipes)
        {
            if (ReferenceEquals(known, recipe)) return number;
            number++;
        }
        return null;
    }

    /// <summary>The id of a version with these parts: 128 bits of a SHA-256, hexadecimal.</summary>
    /// <param name="systems">Its artifacts and kernel arguments.</param>
    /// <param name="closures">Its closures as JSON; null without any.</param>
    public static string IdOf(ImmutableSortedDictionary<string, SystemRecipe> systems, string? closures = null)
    {
        ArgumentNullException.ThrowIfNull(systems);
        var text = new StringBuilder("netboot-version-1\n");
        foreach (var (system, artifacts) in systems)
        {
            text.Append("system ").Append(system).Append('\n');
            foreach (var (role, artifact) in artifacts.All)
                text.Append(role).Append(' ').Append(artifact.Sha256).Append('\n');
            Append(text, "", artifacts.KernelArguments);
            foreach (var (variant, parts) in artifacts.VariantsOrNone)
                Append(text, variant, parts.KernelArguments);
        }
        if (closures is not null) text.Append("closures ").Append(closures).Append('\n');
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return Convert.ToHexStringLower(hash)[..IdLength];
    }

    private static void Append(StringBuilder text, string variant, ImmutableArray<string> arguments)
    {
        foreach (var argument in arguments)
            text.Append("argument ").Append(variant).Append(' ').Append(argument).Append('\n');
    }
}
