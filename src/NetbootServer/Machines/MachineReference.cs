namespace NetbootServer.Machines;

/// <summary>
/// What a machine's first boot that fetched its files and reported ready said of the values that are not registered. A
/// request that says otherwise may come from another computer.
/// </summary>
/// <param name="Uuid">The UUID; null when it is registered, or none was reported that tells machines apart.</param>
/// <param name="Serial">The serial number, likewise.</param>
/// <param name="SetAt">When it was taken.</param>
public sealed record MachineReference(string? Uuid, string? Serial, DateTimeOffset SetAt);
