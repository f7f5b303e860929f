namespace NetbootServer.Events;

/// <summary>How to show a kind of resource whose changes are published.</summary>
/// <param name="Kind">Such as <c>machine</c>; its events are <c>machine.changed</c>.</param>
/// <param name="Load">
/// Reads the resource of a key as the API shows it, with the machine it is about; a null view: it is gone.
/// </param>
public sealed record EventView(
    string Kind, Func<string, CancellationToken, Task<(object? View, string? Machine)>> Load)
{
    /// <summary>The type of its events.</summary>
    public string EventType { get; init; } = $"{Kind}.changed";
}
