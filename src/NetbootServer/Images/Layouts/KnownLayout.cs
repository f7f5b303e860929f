using System.Collections.Immutable;

namespace NetbootServer.Images.Layouts;

/// <summary>How a system's files are named, and what its kernel must be told to find the rest of them.</summary>
/// <param name="Name">A short name, such as <c>alpine</c>.</param>
/// <param name="Title">For a person: <c>Alpine Linux</c>.</param>
/// <param name="Parts">Its files; initrds in the order in which they are loaded.</param>
internal sealed record KnownLayout(string Name, string Title, params LayoutPart[] Parts)
{
    /// <summary>Kernel arguments that it always needs.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>What a person should know of it when it comes from an ISO; null for nothing.</summary>
    public string? IsoNote { get; init; }

    /// <summary>Whether files are known by what is in them, whatever they are called.</summary>
    public bool ByContent { get; init; }

    /// <summary>Whether its names have a part that is the same in all of them.</summary>
    public bool HasFlavours => Parts.Any(part => part.Patterns.Any(
        pattern => pattern.Contains(PathPattern.Flavour, StringComparison.Ordinal)));
}
