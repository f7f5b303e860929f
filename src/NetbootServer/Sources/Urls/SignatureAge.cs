using System.Text.Json;
using System.Text.Json.Nodes;
using NetbootServer.Downloads;
using NetbootServer.Sources.Signatures;

namespace NetbootServer.Sources.Urls;

/// <summary>
/// Refuses a signature that is older than the one which the newest version was made with, and a <c>{version}</c> below
/// its own: a good signature stays good for ever, so a mirror could serve an old state with known holes. What is signed
/// is known by its address before <c>{version}</c> is filled in. Another source begins anew.
/// </summary>
internal sealed class SignatureAge
{
    private readonly JsonNode? _before;

    /// <param name="previous">Provenance of the newest version; null without one.</param>
    /// <param name="source">Names the source as it is now.</param>
    public SignatureAge(JsonElement? previous, string source)
    {
        if (previous is { ValueKind: JsonValueKind.Object } noted
            && JsonNode.Parse(noted.GetRawText()) is JsonObject before && Text(before["source"]) == source)
            _before = before;
    }

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Looks at a signature.</summary>
    /// <param name="signed">The address of what is signed, before <c>{version}</c> is filled in.</param>
    /// <param name="by">The signature, which is a good one.</param>
    /// <exception cref="SourceException">It is older than what was seen before, or has lost its time.</exception>
    public void Check(string signed, SignedBy by)
    {
        if ((_before?["signed"] as JsonObject)?[signed] is not JsonObject note || note["at"] is not JsonValue value
            || !value.TryGetValue<DateTimeOffset>(out var seen) || seen <= by.At) return;
        throw new SourceException(SourceProblems.Changing, by.At is { } now
            ? $"{signed} was signed on {now:yyyy-MM-dd HH:mm}, before the one of {seen:yyyy-MM-dd HH:mm} UTC that " +
            $"the image's newest version was made of: {Why}"
            : $"The signature of {signed} has no time, but the one that the image's newest version was made of is of " +
            $"{seen:yyyy-MM-dd HH:mm} UTC: {Why}");
    }

    /// <summary>Looks at a version's name.</summary>
    /// <exception cref="SourceException">It is below the newest version's.</exception>
    public void CheckVersion(string version)
    {
        if (Text(_before?["version"]) is { } seen && VersionOrder.Instance.Compare(version, seen) < 0)
            throw new SourceException(SourceProblems.Changing,
                $"The newest version is {version}, but the image's newest version was made of {seen}: {Why}");
    }

    private const string Why = "the mirror is behind, or serves an old state on purpose. If upstream went back, " +
        "change the image's source in any way, such as the order of its files.";

    /// <summary>What the next refresh compares with.</summary>
    public static JsonObject Note(IEnumerable<KeyValuePair<string, SignedBy>> signed)
    {
        var note = new JsonObject();
        foreach (var (address, by) in signed) note[address] = new JsonObject { ["by"] = by.Key, ["at"] = by.At };
        return note;
    }
}
