using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Images;

/// <summary>A version's recipes as its row keeps them: JSON without what follows from the rest.</summary>
internal static class StoredSystems
{
    private static readonly JsonSerializerOptions Options = new(JsonBody.Writing) { IgnoreReadOnlyProperties = true };

    public static string Write(ImmutableSortedDictionary<string, SystemRecipe> systems) =>
        JsonSerializer.Serialize(systems, Options);

    public static ImmutableSortedDictionary<string, SystemRecipe> Read(string json) =>
        JsonSerializer.Deserialize<ImmutableSortedDictionary<string, SystemRecipe>>(json, Options)!;
}
