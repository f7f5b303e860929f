using System.Collections.Immutable;

namespace NetbootServer.Machines;

/// <summary>
/// What a machine reported that contradicts a registration: an alarm keeps it until an operator has decided.
/// </summary>
/// <param name="Machine">The registered machine that its strongest evidence names.</param>
/// <param name="MachineId">Its row key, which stays when it is renamed.</param>
/// <param name="Macs">Its MACs with colons; when it reported which one it boots from, that is the first.</param>
/// <param name="Uuid">Its UUID; null without one that tells machines apart.</param>
/// <param name="Serial">Its serial number, likewise.</param>
public sealed record ReportedIdentity(
    string Machine, long MachineId, ImmutableArray<string> Macs, string? Uuid, string? Serial);
