using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Downloads;
using NetbootServer.Sources.Signatures;

namespace NetbootServer.Sources.Urls;

/// <summary>
/// Refuses a signed list that is older than the one which the newest version was made of: a good signature stays good
/// for ever, so a mirror could serve an old state with known holes. Another source begins anew.
/// </summary>
/// <param name="previous">Provenance of the newest version; null without one.</param>
/// <param name="source">Names the source as it is now.</param>
internal sealed class SignatureAge(JsonElement? previous, string source)
{
    /// <summary>Looks at a signature.</summary>
    /// <exception cref="SourceException">It is older than what was seen before.</exception>
    public void Check(string list, SignedBy by)
    {
        if (by.At is not { } now || previous is not { ValueKind: JsonValueKind.Object } noted) return;
        var before = JsonNode.Parse(noted.GetRawText())!;
        if ((string?)before["source"] != source || before["signed"]?[list]?["at"] is not JsonValue value
            || !value.TryGetValue<DateTimeOffset>(out var seen) || seen <= now) return;
        throw new SourceException(SourceProblems.Changing,
            $"{list} was signed on {now:yyyy-MM-dd HH:mm}, before the one of {seen:yyyy-MM-dd HH:mm} UTC that the " +
            "image's newest version was made of: the mirror is behind, or serves an old state on purpose. If " +
            "upstream went back, change the image's source in any way, such as the order of its files.");
    }

    /// <summary>What the next refresh compares with.</summary>
    public static JsonObject Note(IEnumerable<KeyValuePair<string, SignedBy>> signed)
    {
        var note = new JsonObject();
        foreach (var (list, by) in signed) note[list] = new JsonObject { ["by"] = by.Key, ["at"] = by.At };
        return note;
    }
}
