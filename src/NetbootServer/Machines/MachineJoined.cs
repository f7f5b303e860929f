using NetbootServer.Storage;

namespace NetbootServer.Machines;

/// <summary>
/// Moves what refers to machine <paramref name="from"/> to machine <paramref name="to"/>; both are row keys.
/// </summary>
public delegate Task MachineJoined(NetbootDb db, long from, long to, CancellationToken ct);
