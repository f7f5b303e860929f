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
    /// <summary>
    /// The first layout that is there whole; else the one of which most is there, which says what is missing; null when
    /// nothing of any is there.
    /// </summary>
    /// <param name="system">The Nix system.</param>
    public LayoutMatch? Find(string system)
    {
        LayoutMatch? most = null;
        foreach (var layout in layouts)
        {
            if (layout.ByContent && most is not null && IsContradicted(most)) continue;
            var match = Match(layout, system);
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

    private LayoutMatch Match(KnownLayout layout, string system)
    {
        if (!layout.HasFlavours) return Match(layout, system, flavour: null);
        var flavours = layout.Parts.Where(part => part.IsRequired).SelectMany(part => part.Patterns)
            .Where(pattern => pattern.Contains(PathPattern.Flavour, StringComparison.Ordinal))
            .SelectMany(pattern => files.Select(file =>
                PathPattern.Matches(pattern, system, file.Path, out var flavour) ? flavour : null))
            .OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(flavour => Match(layout, system, flavour)).ToList();
        var whole = flavours.Where(match => match.IsWhole).ToList();
        if (whole.Count == 1) return whole[0];
        if (whole.Count > 1) return Several(whole);
        return flavours.MaxBy(match => match.Found) ?? new(layout, system) { Absent = [.. layout.Parts] };
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

    private LayoutMatch Match(KnownLayout layout, string system, string? flavour)
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
            var found = part.Patterns.Select(pattern => Candidates(layout, part, pattern, system, flavour, faults)
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

    private IEnumerable<LayoutFile> Candidates(KnownLayout layout, LayoutPart part, string pattern, string system,
        string? flavour, List<(LayoutFile, string)> faults)
    {
        foreach (var file in files)
        {
            if (!PathPattern.Matches(pattern, system, file.Path, out var found)) continue;
            if (found is not null && !string.Equals(found, flavour, StringComparison.OrdinalIgnoreCase)) continue;
            if (layout.ByContent && file.Content is null) continue;
            if (FaultOf(file.Content, part.Role, system) is not { } fault) yield return file;
            else if (!layout.ByContent) faults.Add((file, fault));
        }
    }

    private static string? FaultOf(BootFile? content, string role, string system) => content is null ? null
        : new UploadPart("", system, role, null).Complaint(content);

    private static string? NameOf(LayoutPart part, LayoutFile file) => part.Role != Roles.Files ? null
        : part.Name ?? (ArtifactName.IsValid(file.Name) ? file.Name : ArtifactName.From(file.Name));
}
