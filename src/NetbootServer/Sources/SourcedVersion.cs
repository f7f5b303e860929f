using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetbootServer.Blobs;
using NetbootServer.Images;

namespace NetbootServer.Sources;

/// <summary>What a refresh brought. All bytes are stored; nothing is visible before it is published.</summary>
public sealed record SourcedVersion
{
    /// <summary>The artifacts by Nix system.</summary>
    public required ImmutableSortedDictionary<string, SystemRecipe> Systems { get; init; }

    /// <summary>Closures by <c>{system}</c> or <c>{system}/{variant}</c>.</summary>
    public ImmutableSortedDictionary<string, SourcedClosure> Closures { get; init; } =
        ImmutableSortedDictionary<string, SourcedClosure>.Empty;

    /// <summary>
    /// Blobs that the artifacts are ranges of, and the NARs of closures: they live as long as the version.
    /// </summary>
    public ImmutableHashSet<Sha256Digest> Holds { get; init; } = [];

    /// <summary>
    /// Artifacts whose digest is known but whose bytes are not here, because the request left them for later; by
    /// digest.
    /// </summary>
    public ImmutableDictionary<Sha256Digest, string> Later { get; init; } =
        ImmutableDictionary<Sha256Digest, string>.Empty;

    /// <summary>What it was made from; the next refresh reads it to find out whether something is new.</summary>
    public required JsonObject Provenance { get; init; }

    /// <summary>
    /// Folder of the links that keep Nix's outputs, to be removed with the version; null without Nix.
    /// </summary>
    public string? GcRoots { get; init; }
}
