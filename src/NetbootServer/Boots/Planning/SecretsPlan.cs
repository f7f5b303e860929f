namespace NetbootServer.Boots.Planning;

/// <summary>When a machine's secrets leave.</summary>
/// <param name="Release"><c>once</c> or <c>every-boot</c>.</param>
/// <param name="IsSet">
/// Whether the machine's <c>secretRelease</c> says so; else it follows from its profile's <c>after</c>.
/// </param>
/// <param name="Armed">Whether its next boot may have them; false once the release is spent.</param>
/// <param name="SpentAt">When the last boot to succeed claimed them; missing before the first.</param>
public sealed record SecretsPlan(string Release, bool IsSet, bool Armed, DateTimeOffset? SpentAt);
