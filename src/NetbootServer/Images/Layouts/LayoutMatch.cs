using System.Collections.Immutable;

namespace NetbootServer.Images.Layouts;

/// <summary>A file in the role that it has in a layout.</summary>
/// <param name="File">The file; null when it is the ISO itself.</param>
/// <param name="Part">What it is there.</param>
/// <param name="Name">Of a further file: the name under which it is served.</param>
internal sealed record FoundPart(LayoutFile? File, LayoutPart Part, string? Name)
{
    public string Role => Part.Role;
}

/// <summary>What of a layout was found for a system.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="System">The Nix system.</param>
internal sealed record LayoutMatch(KnownLayout Layout, string System)
{
    /// <summary>The files in their roles, in the order of the layout: initrds as they are loaded.</summary>
    public ImmutableArray<FoundPart> Parts { get; init; } = [];

    /// <summary>Parts of which nothing was found.</summary>
    public ImmutableArray<LayoutPart> Absent { get; init; } = [];

    /// <summary>Parts for which several files might be meant.</summary>
    public ImmutableArray<(LayoutPart Part, ImmutableArray<LayoutFile> Files)> Ambiguous { get; init; } = [];

    /// <summary>Files of the right name with something else in them, and what is wrong.</summary>
    public ImmutableArray<(LayoutFile File, string Fault)> Faults { get; init; } = [];

    /// <summary>Whether everything is there that it needs, once.</summary>
    public bool IsWhole => Ambiguous.IsEmpty && Parts.Length > 0 && !Absent.Any(part => part.IsRequired);

    /// <summary>How much of what it needs is there; the ISO itself always is.</summary>
    public int Found => Parts.Count(part => part.Part.IsRequired && part.File is not null) + Ambiguous.Length;

    /// <summary>The kernel arguments that it needs.</summary>
    public ImmutableArray<string> Arguments =>
    [
        .. Layout.Arguments,
        .. Parts.SelectMany(part => part.Part.Arguments.Select(
            argument => argument.Replace("{name}", part.Name, StringComparison.Ordinal))),
    ];

    /// <summary>What is missing or not clear, a sentence for each; empty when nothing is.</summary>
    public IEnumerable<string> Complaints =>
        Ambiguous.Select(choice => $"There are several candidates for its {choice.Part.Role}: " +
            $"{string.Join(", ", choice.Files.Take(5))}{(choice.Files.Length > 5 ? ", …" : "")}; keep one of them.")
        .Concat(Faults.Select(fault => $"{fault.File}: {fault.Fault}."))
        .Concat(Absent.Where(part => part.IsRequired).Select(part => $"Its {part.Role} is missing: {NameOf(part)}."));

    /// <summary>What is missing and leaves it working, with what is lost.</summary>
    public IEnumerable<string> Lost =>
        Absent.Where(part => part.Lost is not null).Select(part => $"{NameOf(part)} is missing: {part.Lost}.");

    /// <summary>The name that a part usually has, without folders.</summary>
    private string NameOf(LayoutPart part)
    {
        var path = part.Patterns[0][(part.Patterns[0].LastIndexOf('/') + 1)..]
            .Replace("{system}", System, StringComparison.Ordinal)
            .Replace("{arch}", System.Split('-')[0], StringComparison.Ordinal)
            .Replace("{deb}", PathPattern.Debian(System), StringComparison.Ordinal);
        var flavour = Parts.SelectMany(found => found.Part.Patterns.Select(pattern =>
            PathPattern.Matches(pattern, System, found.File?.Path ?? "", out var text) ? text : null))
            .FirstOrDefault(text => text is not null);
        return path.Replace(PathPattern.Flavour, flavour ?? "…", StringComparison.Ordinal);
    }
}
