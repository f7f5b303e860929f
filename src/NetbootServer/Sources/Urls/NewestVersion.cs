using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Downloads;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Urls;

/// <summary>Finds the newest version that a document names: a listing of folders, a text, JSON.</summary>
/// <param name="spec">Where and how.</param>
/// <param name="systems">The image's systems: the version must be there for each of them.</param>
/// <param name="downloads">Reads documents.</param>
/// <param name="rules">What may be read.</param>
/// <param name="meter">Receives lines for the log.</param>
internal sealed partial class NewestVersion(VersionSpec spec, IReadOnlyCollection<string> systems,
    SourceDownloads downloads, SourceRules rules, SourceMeter meter)
{
    /// <summary>The longest document that is read, in bytes.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MaxMatches = 100_000;

    /// <summary>Finds it.</summary>
    /// <exception cref="SourceException">There is none, or a document cannot be had.</exception>
    public async Task<string> FindAsync(CancellationToken ct)
    {
        HashSet<string>? common = null;
        var urls = systems.Select(system => UrlPlaceholders.Fill(spec.Url, system, null)).Distinct().ToList();
        foreach (var url in urls)
        {
            var document = await downloads.ReadAsync(rules.Root(url), MaxBytes, meter, ct);
            var found = Versions(document);
            if (common is null) common = found;
            else common.IntersectWith(found);
        }
        return common!.Count > 0 ? common.Max(VersionOrder.Instance)!
            : throw new SourceException(SourceProblems.Changing,
                $"No version is there for all of {string.Join(", ", systems)} yet, by {string.Join(" and ", urls)}.");
    }

    private HashSet<string> Versions(SourceDocument document)
    {
        var versions = new HashSet<string>(StringComparer.Ordinal);
        var text = Encoding.UTF8.GetString(document.Bytes);
        var began = Stopwatch.GetTimestamp();
        string? unfit = null;
        try
        {
            for (var (match, count) = (spec.Pattern.Match(text), 0); match.Success; match = match.NextMatch(), count++)
            {
                if (count == MaxMatches || Stopwatch.GetElapsedTime(began) > UrlSpecParser.PatternTimeout)
                    throw new RegexMatchTimeoutException();
                var version = ValueOf(match);
                if (IsFit(version)) versions.Add(version);
                else unfit ??= version;
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new SourceException(SourceProblems.BadAnswer,
                $"The pattern of 'versionFrom' finds too much in {document.Link}, or takes more than " +
                $"{UrlSpecParser.PatternTimeout.TotalSeconds:0} s: make it say more of what stands around a version.",
                e);
        }
        if (versions.Count > 0) return versions;
        throw new SourceException(SourceProblems.BadAnswer, unfit is not null
            ? $"{document.Link} has the version '{SourceText.Quote(unfit)}', which cannot stand in a URL as one name."
            : $"{document.Link} has nothing that the pattern of 'versionFrom' finds; it begins with " +
            $"'{SourceText.Quote(document.Bytes)}'.");
    }

    private static string ValueOf(Match match) =>
        match.Groups["version"] is { Success: true } named ? named.Value
        : match.Groups.Count > 1 ? match.Groups[1].Value : match.Value;

    /// <summary>A page must not choose another folder than one beside the versions that an admin has in mind.</summary>
    private static bool IsFit(string version) =>
        Fit().IsMatch(version) && !version.Contains("..", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\z")]
    private static partial Regex Fit();
}
