using NetbootServer.Machines;

namespace NetbootServer.Boots.Planning;

/// <summary>
/// What selectors see. A registered machine is what was registered and what its firmware says; only for others do
/// query parameters count as labels.
/// </summary>
internal sealed class SelectorFacts(Machine? machine, MachineIdentity identity)
{
    private readonly MachineSpec? _registered = machine is { State: MachineState.Registered } ? machine.Spec : null;
    private string? _mac;

    /// <summary>The value under a name; null when the machine has none.</summary>
    public string? this[string name] => Registered(name) ?? Reported(name);

    private string? Registered(string name)
    {
        if (_registered is null) return identity.Labels.GetValueOrDefault(name);
        return name switch
        {
            "uuid" => _registered.Uuid,
            "serial" => _registered.Serial,
            "asset" => _registered.Asset,
            "arch" => _registered.Arch,
            _ => null,
        } ?? _registered.Labels.GetValueOrDefault(name);
    }

    private string? Reported(string name) => name switch
    {
        "mac" when identity.Mac is { } mac => _mac ??= mac.ToString(),
        "arch" when identity.Arch is { } arch => arch,
        _ => identity.Reported.GetValueOrDefault(name),
    };
}
