using System.Collections.Immutable;
using NetbootServer.Archives;

namespace NetbootServer.Images.Layouts;

/// <summary>
/// Finds what boots among files, by their names and by what is in them. Pure: folders, uploads and ISOs are looked at
/// alike, so that what is shown before an upload is what is taken.
/// </summary>
/// <param name="layouts">The layouts, the preferred first.</param>
/// <param name="files">The files.</param>
/// <param name="inIso">Whether they are those of an ISO, which itself may be a part.</param>
internal sealed class LayoutFinder(ImmutableArray<KnownLayout> layouts, IReadOnlyList<LayoutFile> files,
    bool inIso = false)
{
    /// <summary>Flavours of a layout that are compared: more than these are not told apart.</summary>
    private const int MaxFlavours = 16;

    /// <summary>Files by pattern and system, then by flavour, which is empty for patterns without one.</summary>
    private readonly Dictionary<(string Pattern, string System), ILookup<string, LayoutFile>> _index = [];

    /// <summary>
    /// The first layout that is there whole; else the one of which most is there, which says what is missing; null when
    /// nothing of any is there.
    /// </summary>
    /// <param name="system">The Nix system.</param>
    /// <param name="ct">Stops it.</param>
    public LayoutMatch? Find(string system, CancellationToken ct = default)
    {
        LayoutMatch? most = null;
        foreach (var layout in layouts)
        {
            if (layout.ByContent && most is not null && IsContradicted(most)) continue;
            var match = Match(layout, system, ct);
            if (match.IsWhole) return match;
            if (match.Found + match.Faults.Length > 0
                && (most is null || Better(match, most))) most = match;
        }
        return most;
    }

    /// <summary>Whether names say that the files do not belong together, whatever is in them.</summary>
    private static bool IsContradicted(LayoutMatch match) =>
        !match.Ambiguous.IsEmpty || !match.Faults.IsEmpty || match.Layout.HasFlavours;

    private static bool Better(LayoutMatch match, LayoutMatch than) =>
        (-match.Absent.Count(part => part.IsRequired), match.Found, match.Faults.Length).CompareTo(
            (-than.Absent.Count(part => part.IsRequired), than.Found, than.Faults.Length)) > 0;

    private LayoutMatch Match(KnownLayout layout, string system, CancellationToken ct)
    {
        if (!layout.HasFlavours) return Match(layout, system, flavour: null, ct);
        var flavours = FlavoursOf(layout, system, ct);
        var matches = flavours.Take(MaxFlavours).Select(flavour => Match(layout, system, flavour, ct)).ToList();
        var whole = matches.Where(match => match.IsWhole).ToList();
        if (whole.Count > 0 && flavours.Count > MaxFlavours) return TooMany(whole[0], flavours, ct);
        if (whole.Count == 1) return whole[0];
        if (whole.Count > 1) return Several(whole);
        return matches.MaxBy(match => match.Found) ?? new(layout, system) { Absent = [.. layout.Parts] };
    }

    /// <summary>
    /// The flavours of which every part is there by its name; without any, those of which something is there.
    /// </summary>
    private List<string> FlavoursOf(KnownLayout layout, string system, CancellationToken ct)
    {
        var counts = layout.Parts
            .Where(part => part.IsRequired && part.Patterns.All(
                pattern => pattern.Contains(PathPattern.Flavour, StringComparison.Ordinal)))
            .SelectMany(part => part.Patterns.SelectMany(pattern => FilesOf(pattern, system, ct))
                .Select(group => group.Key).Distinct(StringComparer.OrdinalIgnoreCase))
            .CountBy(flavour => flavour, StringComparer.OrdinalIgnoreCase).ToList();
        var most = counts.Select(pair => pair.Value).DefaultIfEmpty().Max();
        return [.. counts.Where(pair => pair.Value == most).Select(pair => pair.Key)];
    }

    /// <summary>Looks at every path once for a pattern, however many flavours it has.</summary>
    private ILookup<string, LayoutFile> FilesOf(string pattern, string system, CancellationToken ct)
    {
        if (_index.TryGetValue((pattern, system), out var known)) return known;
        var found = new List<(string Flavour, LayoutFile File)>();
        foreach (var file in files)
        {
            ct.ThrowIfCancellationRequested();
            if (PathPattern.Matches(pattern, system, file.Path, out var flavour)) found.Add((flavour ?? "", file));
        }
        return _index[(pattern, system)] =
            found.ToLookup(entry => entry.Flavour, entry => entry.File, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>More flavours than are compared: by their names they are candidates.</summary>
    private LayoutMatch TooMany(LayoutMatch match, List<string> flavours, CancellationToken ct)
    {
        var kernel = match.Layout.Parts[0];
        return match with
        {
            Parts = [],
            Ambiguous = [(kernel, [.. flavours.SelectMany(flavour => kernel.Patterns.SelectMany(
                pattern => FilesOf(pattern, match.System, ct)[flavour]))])],
        };
    }

    /// <summary>Several kernels of one kind, each with its initrd.</summary>
    private static LayoutMatch Several(List<LayoutMatch> matches)
    {
        var kernel = matches[0].Parts[0].Part;
        return matches[0] with
        {
            Parts = [],
            Ambiguous = [(kernel, [.. matches.SelectMany(match => match.Parts).Where(part => part.Role == kernel.Role)
                .Select(part => part.File!)])],
        };
    }

    private LayoutMatch Match(KnownLayout layout, string system, string? flavour, CancellationToken ct)
    {
        var parts = ImmutableArray.CreateBuilder<FoundPart>();
        var absent = ImmutableArray.CreateBuilder<LayoutPart>();
        var ambiguous = ImmutableArray.CreateBuilder<(LayoutPart, ImmutableArray<LayoutFile>)>();
        var faults = new List<(LayoutFile File, string Fault)>();
        foreach (var part in PartsOf(layout))
        {
            if (part.IsWholeIso && inIso)
            {
                parts.Add(new(null, part, part.Name));
                continue;
            }
            var found = part.Patterns.Select(pattern => Candidates(
                    layout, part, FilesOf(pattern, system, ct), (system, flavour), faults, ct)
                .Where(file => !parts.Any(taken => taken.File == file)).ToImmutableArray())
                .FirstOrDefault(candidates => !candidates.IsEmpty, []);
            if (found.Length == 1) parts.Add(new(found[0], part, NameOf(part, found[0])));
            else if (found.IsEmpty) absent.Add(part);
            else ambiguous.Add((part, found));
        }
        return new(layout, system)
        {
            Parts = parts.DrainToImmutable(), Absent = absent.DrainToImmutable(),
            Ambiguous = ambiguous.DrainToImmutable(),
            Faults = [.. faults.DistinctBy(fault => fault.File)
                .Where(fault => !parts.Any(part => part.File == fault.File))],
        };
    }

    private static IEnumerable<LayoutPart> PartsOf(KnownLayout layout)
    {
        var hasInitrd = layout.Parts.Any(part => part.Role == Roles.Initrd);
        // They are named by what they are, so the part that takes any initrd comes after them.
        return !hasInitrd ? layout.Parts : [.. layout.Parts.TakeWhile(part => part.Role != Roles.Initrd),
            .. KnownLayouts.Microcode, .. layout.Parts.SkipWhile(part => part.Role != Roles.Initrd)];
    }

    private static IEnumerable<LayoutFile> Candidates(KnownLayout layout, LayoutPart part,
        ILookup<string, LayoutFile> named, (string System, string? Flavour) of, List<(LayoutFile, string)> faults,
        CancellationToken ct)
    {
        foreach (var file in of.Flavour is { } flavour ? named[""].Concat(named[flavour]) : named[""])
        {
            ct.ThrowIfCancellationRequested(); // its content may have to be read
            if (layout.ByContent && file.Content is null) continue;
            if (FaultOf(file.Content, part.Role, of.System) is not { } fault) yield return file;
            else if (!layout.ByContent) faults.Add((file, fault));
        }
    }

    private static string? FaultOf(BootFile? content, string role, string system) => content is null ? null
        : new UploadPart("", system, role, null).Complaint(content);

    private static string? NameOf(LayoutPart part, LayoutFile file) => part.Role != Roles.Files ? null
        : part.Name ?? (ArtifactName.IsValid(file.Name) ? file.Name : ArtifactName.From(file.Name));
}
