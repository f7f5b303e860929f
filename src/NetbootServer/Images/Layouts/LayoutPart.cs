using System.Collections.Immutable;

namespace NetbootServer.Images.Layouts;

/// <summary>A file that a layout has, or may have.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Patterns">
/// Its paths, the preferred first (<see cref="PathPattern"/>). A file without folders matches by the name alone, as
/// uploads have it.
/// </param>
internal sealed record LayoutPart(string Role, params string[] Patterns)
{
    /// <summary>Whether the layout is not there without it.</summary>
    public bool IsRequired { get; init; } = true;

    /// <summary>Of a further file: the name it gets; null for its own.</summary>
    public string? Name { get; init; }

    /// <summary>Kernel arguments that come with it; <c>{name}</c> stands for the further file's name.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Whether, in an ISO, the ISO itself is meant: its loader fetches all of it.</summary>
    public bool IsWholeIso { get; init; }

    /// <summary>What does not work without it; null when it may well be missing.</summary>
    public string? Lost { get; init; }

    /// <summary>A further file that is served under a name.</summary>
    public static LayoutPart File(string? name, string[] patterns, params string[] arguments) =>
        new(Roles.Files, patterns) { Name = name, Arguments = [.. arguments] };

    /// <summary>The same part, which may be missing.</summary>
    public LayoutPart Optional(string? lost = null) => this with { IsRequired = false, Lost = lost };
}
