using System.Collections.Frozen;

namespace NetbootServer.Images;

/// <summary>Boots of a version in the last 24 hours.</summary>
/// <param name="Began">How many began.</param>
/// <param name="Succeeded">How many of them got ready or up.</param>
public sealed record RecentBoots(int Began, int Succeeded);

/// <summary>Counts the boots of an image since an instant, by version; a version without any is missing.</summary>
public delegate Task<FrozenDictionary<string, RecentBoots>> VersionBoots(
    string image, DateTimeOffset since, CancellationToken ct);
