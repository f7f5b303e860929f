using System.Collections.Immutable;
using System.Text.Json;

namespace NetbootServer.Images;

/// <summary>A version about to become visible: all of its bytes are stored.</summary>
public sealed record Publication
{
    /// <summary>What it has, by Nix system.</summary>
    public required ImmutableSortedDictionary<string, SystemRecipe> Systems { get; init; }

    /// <summary>What it was made from.</summary>
    public required JsonElement Provenance { get; init; }

    /// <summary>Digests of blobs that live as long as it does, beside its artifacts.</summary>
    public IEnumerable<string> Holds { get; init; } = [];

    /// <summary>Its closures as JSON; null without any.</summary>
    public string? Closures { get; init; }

    /// <summary>Folder of the links that keep Nix's outputs; null without Nix.</summary>
    public string? GcRoots { get; init; }

    /// <summary>
    /// The spec that it was made by, null when it was uploaded: once the image has another source, it is discarded.
    /// </summary>
    public ImageSpec? MadeBy { get; init; }

    /// <summary>Digests of all blobs that it refers to.</summary>
    internal IEnumerable<string> Blobs => Systems.Values.SelectMany(system => system.All)
        .Select(part => part.Artifact.Sha256).Concat(Holds).Distinct(StringComparer.Ordinal);
}
