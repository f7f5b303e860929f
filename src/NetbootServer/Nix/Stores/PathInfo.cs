using System.Collections.Immutable;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>What a store knows of a store path; proven, as far as that store can.</summary>
public record PathInfo
{
    /// <summary>The store path.</summary>
    public required StorePath Path { get; init; }

    /// <summary>SHA-256 of its NAR, which is also the name of the blob that it is stored as.</summary>
    public required NixHash NarHash { get; init; }

    /// <summary>Length of its NAR in bytes.</summary>
    public required long NarSize { get; init; }

    /// <summary>The store paths that it names, sorted; may have itself.</summary>
    public required ImmutableArray<StorePath> References { get; init; }

    /// <summary>Base name of the derivation that made it; null when unknown.</summary>
    public string? Deriver { get; init; }
}
