namespace NetbootServer.Images;

/// <summary>Boots of a version in the last 24 hours.</summary>
/// <param name="Began">How many began.</param>
/// <param name="Succeeded">How many of them got ready or up.</param>
public sealed record RecentBoots(int Began, int Succeeded);
