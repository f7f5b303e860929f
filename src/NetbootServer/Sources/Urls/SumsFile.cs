using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.Blobs;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Urls;

/// <summary>
/// A list of digests as <c>sha256sum</c> and <c>sha512sum</c> write it, by default (<c>hex *name</c>) or with
/// <c>--tag</c> as BSD does (<c>SHA256 (name) = hex</c>), or as Debian's archive has it (<c>Release</c>,
/// <c>InRelease</c>: sections <c>SHA256:</c> of <c>hex length name</c>). One digest alone, without a name, counts for
/// the file that the list is of. JSON is read as Fedora CoreOS publishes it. Other lines, such as comments and weaker
/// digests, are passed over.
/// </summary>
internal sealed partial class SumsFile
{
    /// <summary>The longest list that is read, in bytes.</summary>
    public const int MaxBytes = 16 << 20;

    private const int MaxLine = 4096;

    private readonly Dictionary<string, HashSet<string>> _digests = new(StringComparer.Ordinal);
    private readonly SourceLink _link;
    private readonly byte[] _bytes;
    private string? _alone;

    private SumsFile(byte[] bytes, SourceLink link) => (_bytes, _link) = (bytes, link);

    /// <summary>Where it lies.</summary>
    public SourceLink Link => _link;

    /// <summary>Reads a list.</summary>
    /// <param name="bytes">All of it, as UTF-8.</param>
    /// <param name="link">Where it lies: names in it are relative to this.</param>
    public static SumsFile Parse(byte[] bytes, SourceLink link)
    {
        var list = new SumsFile(bytes, link);
        if (bytes.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] && list.ReadJson()) return list;
        string? section = null;
        foreach (var line in Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Split('\n'))
            if (line.Length <= MaxLine) list.Read(line.TrimEnd('\r'), ref section);
        return list;
    }

    /// <summary>
    /// JSON such as the stream metadata of Fedora CoreOS: objects that have a file's <c>location</c>, <c>url</c> or
    /// <c>file</c> and its <c>sha256</c> or <c>sha512</c>.
    /// </summary>
    private bool ReadJson()
    {
        try
        {
            using var document = JsonDocument.Parse(_bytes);
            Read(document.RootElement);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Read(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) Read(item);
        if (element.ValueKind != JsonValueKind.Object) return;
        var name = Text(element, "location") ?? Text(element, "url") ?? Text(element, "file");
        if (name is not null && Uri.TryCreate(_link.Uri, name, out var uri) && uri.IsAbsoluteUri)
            foreach (var digest in new[] { Text(element, "sha256"), Text(element, "sha512") })
                if (digest is not null && Alone().IsMatch(digest))
                    Add(digest, Uri.UnescapeDataString(uri.AbsolutePath).TrimStart('/'));
        foreach (var member in element.EnumerateObject()) Read(member.Value);
    }

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private void Read(string line, ref string? section)
    {
        if (Section().Match(line) is { Success: true } begins)
            section = begins.Groups[1].Success ? begins.Groups[1].Value : begins.Groups[2].Value;
        else if (Alone().Match(line) is { Success: true } alone) _alone ??= alone.Groups[1].Value.ToLowerInvariant();
        else if (Tagged().Match(line) is { Success: true } tagged) Add(tagged.Groups[2].Value, tagged.Groups[1].Value);
        else if (Archive().Match(line) is { Success: true } archive && section is "SHA256" or "SHA512")
            Add(archive.Groups[1].Value, archive.Groups[2].Value);
        else if (Plain().Match(line) is { Success: true } plain && section is null or "SHA256" or "SHA512")
            Add(plain.Groups[1].Value, plain.Groups[2].Value);
    }

    private void Add(string digest, string name)
    {
        while (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
        if (name.Split('/').Any(part => part is ".." or "." or "")) return; // no name of a file below the list
        if (!_digests.TryGetValue(name, out var known)) _digests[name] = known = new(StringComparer.Ordinal);
        known.Add(digest.ToLowerInvariant());
    }

    /// <summary>
    /// What a file must be. One below the list's folder counts by its path there, or its whole path, so that another
    /// one of the same name does not pass for it; one that comes from elsewhere, such as a mirror, by as much of the
    /// end of its path as the list has.
    /// </summary>
    /// <exception cref="SourceException">The list does not have it, or contradicts itself.</exception>
    public ExpectedDigest Find(SourceLink file)
    {
        var names = Names(file.Uri).ToList();
        var name = names.Find(_digests.ContainsKey);
        if (name is null && _digests.Count == 0 && _alone is not null) return Expected([_alone], Of(file));
        return name is not null ? Expected(_digests[name], name)
            : throw new SourceException(SourceProblems.BadAnswer, _digests.Count == 0
                ? $"{_link} is no list of SHA-256 or SHA-512 digests; it begins with '{SourceText.Quote(_bytes)}'."
                : $"{_link} has no digest of {Of(file)} among its {_digests.Count}, such as " +
                $"'{SourceText.Quote(_digests.Keys.First())}'.");
    }

    private IEnumerable<string> Names(Uri file)
    {
        var path = Uri.UnescapeDataString(file.AbsolutePath).TrimStart('/');
        var folder = Uri.UnescapeDataString(new Uri(_link.Uri, ".").AbsolutePath).TrimStart('/');
        if (file.Authority == _link.Uri.Authority && path.StartsWith(folder, StringComparison.Ordinal))
        {
            yield return path[folder.Length..];
            yield return path;
            yield break;
        }
        var parts = path.Split('/');
        for (var from = 0; from < parts.Length; from++) yield return string.Join('/', parts[from..]);
    }

    private static string Of(SourceLink file) => file.Uri.Segments[^1];

    private ExpectedDigest Expected(IEnumerable<string> digests, string name)
    {
        var sha256 = digests.Where(digest => digest.Length == 64).ToList();
        var sha512 = digests.Where(digest => digest.Length == 128).ToList();
        // Of two lines that differ either could be meant, and only one of them is checked.
        if (sha256.Count > 1 || sha512.Count > 1)
            throw new SourceException(SourceProblems.BadAnswer,
                $"{_link} has several different digests of '{SourceText.Quote(name)}'.");
        return sha256 is [var only] && Sha256Digest.TryParse(only, out var digest)
            ? new ExpectedDigest(digest, null) : new ExpectedDigest(null, sha512[0]);
    }

    [GeneratedRegex(@"\A(?:(SHA256|SHA512|SHA1|MD5Sum):[ \t]*|# (\w+) HASH)\z")]
    private static partial Regex Section();

    [GeneratedRegex(@"\A((?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128}))[ \t]*\z")]
    private static partial Regex Alone();

    [GeneratedRegex(@"\ASHA(?:256|512) \((.+)\) = ((?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128}))\z")]
    private static partial Regex Tagged();

    [GeneratedRegex(@"\A ((?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128})) +[0-9]+ (\S+)\z")]
    private static partial Regex Archive();

    [GeneratedRegex(@"\A((?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128})) [ *](.+)\z")]
    private static partial Regex Plain();
}
