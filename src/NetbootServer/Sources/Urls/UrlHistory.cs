using System.Text.Json;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Sources.Signatures;

namespace NetbootServer.Sources.Urls;

/// <summary>What the newest version has of each address, as its provenance says.</summary>
internal sealed class UrlHistory
{
    private readonly Dictionary<string, UrlHistoryEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Reads a provenance; of another kind of source it has nothing.</summary>
    public UrlHistory(JsonElement? provenance)
    {
        if (provenance is not { ValueKind: JsonValueKind.Object } document
            || !document.TryGetProperty("systems", out var systems) || systems.ValueKind != JsonValueKind.Object)
            return;
        foreach (var system in systems.EnumerateObject())
            if (system.Value.ValueKind == JsonValueKind.Object
                && system.Value.TryGetProperty("artifacts", out var artifacts)
                && artifacts.ValueKind == JsonValueKind.Object)
                foreach (var artifact in artifacts.EnumerateObject()) Read(artifact.Value);
    }

    private void Read(JsonElement artifact)
    {
        if (artifact.ValueKind == JsonValueKind.Object && Text(artifact, "url") is { } url
            && Sha256Digest.TryParse(Text(artifact, "sha256"), out var digest))
            _entries[url] = new(digest, Text(artifact, "sha512"),
                new() { ETag = Text(artifact, "etag"), LastModified = Text(artifact, "lastModified") },
                Text(artifact, "keys"), SignedBy(artifact));
    }

    private static SignedBy? SignedBy(JsonElement artifact) => Text(artifact, "signedBy") is not { } key ? null
        : new(key, artifact.TryGetProperty("signedAt", out var at) && at.ValueKind == JsonValueKind.String
            && at.TryGetDateTimeOffset(out var time) ? time : null);

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    /// <summary>What it had of an address; null when nothing.</summary>
    public UrlHistoryEntry? Find(SourceLink link) => _entries.GetValueOrDefault(link.Uri.AbsoluteUri);

    /// <summary>The SHA-256 of a file by its SHA-512; null when it is not known.</summary>
    public Sha256Digest? Sha256Of(string sha512) =>
        _entries.Values.FirstOrDefault(entry => entry.Sha512 == sha512)?.Digest;
}

/// <summary>What was fetched from an address before.</summary>
/// <param name="Digest">SHA-256 of its bytes.</param>
/// <param name="Sha512">SHA-512, when a list had that alone.</param>
/// <param name="Validator">The state that it had.</param>
/// <param name="Keys">Names the keys that its signature was checked with; null when it was not.</param>
/// <param name="By">Who has signed it; null when nothing signs it alone.</param>
internal sealed record UrlHistoryEntry(Sha256Digest Digest, string? Sha512, SourceValidator Validator, string? Keys,
    SignedBy? By)
{
    /// <summary>Whether a server can be asked for it only if it has changed.</summary>
    public bool CanAsk => Validator is not { ETag: null, LastModified: null };
}
