using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>A store path whose NAR is stored as a blob.</summary>
/// <param name="Info">What is known of it.</param>
/// <param name="Listing">What is in it.</param>
public sealed record StoredPath(PathInfo Info, NarListing Listing);
