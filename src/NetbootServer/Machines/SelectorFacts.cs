namespace NetbootServer.Machines;

/// <summary>
/// What selectors see. A registered machine is what was registered and what its firmware says; only for others do
/// query parameters count as labels.
/// </summary>
/// <param name="machine">The machine; null when it is unknown.</param>
/// <param name="identity">
/// What it reports; null: what the machine, which is known then, is expected to report, worked out where a selector
/// asks for it.
/// </param>
internal sealed class SelectorFacts(Machine? machine, MachineIdentity? identity)
{
    private readonly MachineSpec? _registered = machine is { State: MachineState.Registered } ? machine.Spec : null;
    private MachineIdentity? _identity = identity;
    private string? _mac;

    private MachineIdentity Identity => _identity ??= MachineIdentity.ExpectedOf(machine!);

    /// <summary>The value under a name; null when the machine has none.</summary>
    public string? this[string name] => Registered(name) ?? Reported(name);

    private string? Registered(string name)
    {
        if (_registered is null) return Identity.Labels.GetValueOrDefault(name);
        return name switch
        {
            "uuid" => _registered.Uuid,
            "serial" => _registered.Serial,
            "asset" => _registered.Asset,
            "arch" => _registered.Arch,
            _ => null,
        } ?? _registered.Labels.GetValueOrDefault(name);
    }

    private string? Reported(string name) => !MachineIdentity.Names.Contains(name) ? null : name switch
    {
        "mac" when Identity.Mac is { } mac => _mac ??= mac.ToString(),
        "arch" when Identity.Arch is { } arch => arch,
        _ => Identity.Reported.GetValueOrDefault(name),
    };
}
