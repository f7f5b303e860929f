using System.Collections.Frozen;
using System.Collections.Immutable;
using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;

namespace NetbootServer.Images.Isos;

/// <summary>What is in an ISO: names that were checked, with links resolved.</summary>
internal sealed class IsoListing
{
    private const int MaxLinks = 8, MaxShown = 40;

    private readonly FrozenDictionary<string, IsoEntry> _entries;

    private IsoListing(FrozenDictionary<string, IsoEntry> entries) => _entries = entries;

    /// <summary>Reads a listing.</summary>
    /// <param name="lines">What <c>bsdtar -tvf --numeric-owner</c> prints.</param>
    /// <exception cref="SourceException">A name leads out of the ISO, or there is nothing in it.</exception>
    public static IsoListing Parse(IEnumerable<string> lines)
    {
        var entries = lines.Select(IsoEntry.Parse).OfType<IsoEntry>().ToList();
        if (entries.Find(entry => entry.LeadsOut) is { } leading)
            throw IsoFault.Of($"has the name '{SourceText.Quote(leading.Path)}', which leads out of it");
        if (!entries.Exists(entry => entry.Kind is '-' or 'h'))
            throw IsoFault.Of("has no files in it");
        return new(entries.Where(entry => entry.IsPlain).DistinctBy(entry => entry.Path, StringComparer.Ordinal)
            .ToFrozenDictionary(entry => entry.Path, StringComparer.Ordinal));
    }

    /// <summary>The files and the links to files.</summary>
    public ImmutableArray<LayoutFile> Files =>
    [
        .. _entries.Values.Where(entry => entry.Kind is '-' or 'h' or 'l')
            .OrderBy(entry => entry.Path, StringComparer.Ordinal)
            .Select(entry => new LayoutFile(entry.Path, entry.Length)),
    ];

    /// <summary>Whether there is a file of that path.</summary>
    public bool Has(string path) => _entries.ContainsKey(path);

    /// <summary>The file behind a path, links followed.</summary>
    /// <exception cref="SourceException">A link leads nowhere, out of the ISO, or in a circle.</exception>
    public IsoEntry FileOf(string path)
    {
        var at = path;
        for (var links = 0; links <= MaxLinks; links++)
        {
            if (!_entries.TryGetValue(at, out var entry))
                throw IsoFault.Of($"has the link {path} to {SourceText.Quote(at)}, which is not in it");
            if (entry.Target is not { } target) return entry.Kind == '-' ? entry
                : throw IsoFault.Of($"has {path}, which is no file");
            at = entry.Kind == 'h' ? target : Below(entry.Path, target)
                ?? throw IsoFault.Of($"has the link {path} to '{SourceText.Quote(target)}', which leads out of it");
        }
        throw IsoFault.Of($"has the link {path}, which leads through more than {MaxLinks} others");
    }

    /// <summary>A link's target from the top of the ISO; null when it leads out.</summary>
    private static string? Below(string link, string target)
    {
        if (target.StartsWith('/')) return null;
        var parts = new Stack<string>(link.Split('/')[..^1]);
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != "..") parts.Push(part);
            else if (!parts.TryPop(out _)) return null;
        }
        return string.Join('/', parts.Reverse());
    }

    /// <summary>What lies at the top, for a person.</summary>
    public string Shown
    {
        get
        {
            var names = _entries.Values
                .Where(entry => entry.Path != "." && !entry.Path.Contains('/', StringComparison.Ordinal))
                .Select(entry => entry.Kind == 'd' ? entry.Path + "/" : entry.Path)
                .Order(StringComparer.Ordinal).ToList();
            return string.Join(", ", names.Take(MaxShown).Select(SourceText.Quote))
                + (names.Count > MaxShown ? ", …" : "");
        }
    }
}
