using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Blobs;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Releases;

/// <summary>The files of a release with what is known of them: from the release host's API, or a SHA256SUMS.</summary>
/// <param name="Assets">The files by name.</param>
internal sealed partial record ReleaseList(FrozenDictionary<string, ReleaseAsset> Assets)
{
    /// <summary>The longest list that is read, in bytes.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>The API address of a GitHub release by the address of its downloads; null for other hosts.</summary>
    public static string? GitHubApi(Uri folder)
    {
        if (folder.Host != "github.com") return null;
        var match = GitHubFolder().Match(folder.AbsolutePath);
        if (!match.Success) return null;
        var release = match.Groups["tag"].Success ? $"tags/{match.Groups["tag"].Value}" : "latest";
        return $"https://api.github.com/repos/{match.Groups["repository"].Value}/releases/{release}";
    }

    /// <summary>Reads a release as GitHub's REST API answers it.</summary>
    /// <exception cref="SourceException">It cannot be read.</exception>
    public static ReleaseList FromApi(SourceDocument document, SourceRules rules)
    {
        try
        {
            using var json = JsonDocument.Parse(document.Bytes);
            var assets = json.RootElement.GetProperty("assets").EnumerateArray()
                .Select(asset => Asset(asset, document.Link, rules)).ToList();
            return new(assets.DistinctBy(asset => asset.Name)
                .ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal));
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SourceException(SourceProblems.BadAnswer,
                $"{document.Link} is no release with assets; it begins with " +
                $"'{SourceText.Quote(document.Bytes)}'.", e);
        }
    }

    private static ReleaseAsset Asset(JsonElement asset, SourceLink document, SourceRules rules)
    {
        // By its id an asset is always the same bytes; by its name it may be replaced.
        string?[] addresses = [Text(asset, "url"), Text(asset, "browser_download_url")];
        var links = new List<SourceLink>();
        SourceException? refused = null;
        foreach (var address in addresses.OfType<string>())
        {
            try
            {
                links.Add(rules.Found(document, address));
            }
            catch (SourceException e)
            {
                refused = e;
            }
        }
        if (links.Count == 0 && refused is not null) throw refused;
        var digest = Text(asset, "digest");
        return new ReleaseAsset(asset.GetProperty("name").GetString()!, links)
        {
            Id = asset.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number ? id.GetInt64() : null,
            Size = asset.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number
            ? size.GetInt64() : null,
            Digest = digest?.StartsWith("sha256:", StringComparison.Ordinal) == true
                && Sha256Digest.TryParse(digest[7..], out var parsed) ? parsed : null,
            UpdatedAt = DateTimeOffset.TryParse(Text(asset, "updated_at"),
                System.Globalization.CultureInfo.InvariantCulture, out var at) ? at : null,
            Uploaded = Text(asset, "state") is null or "uploaded",
        };
    }

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    /// <summary>Reads the output of <c>sha256sum</c>; null when it is something else.</summary>
    public static ReleaseList? FromSums(SourceDocument document, SourceLink folder, SourceRules rules)
    {
        var lines = Encoding.UTF8.GetString(document.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var assets = new Dictionary<string, ReleaseAsset>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var match = Sum().Match(line.TrimEnd('\r'));
            if (!match.Success || !Sha256Digest.TryParse(match.Groups[1].Value, out var digest)) return null;
            var name = match.Groups[2].Value;
            assets[name] = new ReleaseAsset(name,
                [rules.Found(folder, Uri.EscapeDataString(name))])
            { Digest = digest };
        }
        return assets.Count == 0 ? null : new(assets.ToFrozenDictionary(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\A/(?<repository>[^/]+/[^/]+)/releases/(?:download/(?<tag>[^/]+)|latest/download)/?\z")]
    private static partial Regex GitHubFolder();

    [GeneratedRegex(@"\A([0-9a-f]{64}) [ *](?:\./)?([A-Za-z0-9][A-Za-z0-9._-]*)\z")]
    private static partial Regex Sum();
}
