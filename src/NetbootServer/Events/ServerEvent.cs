namespace NetbootServer.Events;

/// <summary>Something that dashboards and programs want to hear of.</summary>
/// <param name="Type">Such as <c>machine.changed</c>.</param>
/// <param name="Machine">The machine it is about, for the filter; null when it is about none.</param>
/// <param name="Data">JSON.</param>
public sealed record ServerEvent(string Type, string? Machine, string Data);
