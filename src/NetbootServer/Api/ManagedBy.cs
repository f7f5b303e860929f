namespace NetbootServer.Api;

/// <summary>What declares a resource, so that the API cannot change it.</summary>
/// <param name="File">The file's path below <c>Inventory:Directory</c>.</param>
public sealed record ManagedBy(string File)
{
    /// <summary>The file as it is stored; null without one.</summary>
    internal static ManagedBy? Of(string? file) => file is null ? null : new(file);
}
