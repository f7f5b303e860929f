using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Images;
using NetbootServer.Sources;

namespace NetbootServer.Tests.Sources;

public sealed class PreviousVersionTests
{
    [Theory]
    [InlineData("""{"type":"url","n":1}""", """{"type":"upload","n":2}""", 1)]
    [InlineData("""{"type":"url","n":1}""", """{"type":"url","n":2}""", 2)]
    [InlineData("""{"n":1}""", """{"type":"upload","n":2}""", 1)]
    [InlineData("""{"type":"hydra","n":1}""", """{"type":"upload","n":2}""", null)]
    public void A_refresh_compares_with_the_newest_version_that_its_kind_of_source_made(string older, string newer,
        int? n)
    {
        var versions = new[] { older, newer }.Select((provenance, i) => new ImageVersion($"{i}", "x", default,
            ImmutableSortedDictionary<string, SystemRecipe>.Empty)
        {
            Sequence = i, Provenance = JsonSerializer.Deserialize<JsonElement>(provenance),
        });
        var image = new Image("x", new ImageSpec
        {
            Source = JsonSerializer.Deserialize<JsonElement>("""{"type":"url"}"""), Keep = 3, Systems = [],
        }, 1)
        {
            Id = 1, CreatedAt = default, UpdatedAt = default, Versions = versions.ToFrozenDictionary(one => one.Id),
        };
        Assert.Equal(n, RefreshWork.PreviousOf(image)?.GetProperty("n").GetInt32());
    }
}
