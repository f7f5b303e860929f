using System.Net;
using Microsoft.Extensions.Options;
using NetbootServer.Boots.Planning;
using NetbootServer.Machines;
using NetbootServer.Overlays;
using NetbootServer.Profiles;

namespace NetbootServer.Boots.Secrets;

/// <summary>Decides whether a machine gets the secrets of its overlay.</summary>
internal sealed class SecretRules(IOptions<MachinesOptions> options)
{
    private readonly IPNetwork[] _networks = [.. options.Value.ParsedNetworks];

    /// <summary>Why this boot gets none; null when it gets them.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="profile">The profile that it gets.</param>
    /// <param name="recognition">By what it is taken for that machine.</param>
    /// <param name="identity">What it says of itself.</param>
    /// <param name="address">Where it asks from.</param>
    public string? Refusal(Machine machine, Profile profile, Recognition recognition, MachineIdentity identity,
        IPAddress? address) =>
        !recognition.IsSure || recognition.Machine?.Id != machine.Id
            ? "it is not surely the registered machine: what it says of itself differs from its reference"
        : RefusalOf(machine, recognition, identity) ?? RefusalAt(address) ?? (IsArmed(machine, profile) ? null
            : "its release is spent (secretRelease once): arm another with POST " +
                $"/api/v1/machines/{machine.Name}/releases");

    /// <summary>
    /// When the machine's secrets leave, and whether that is said or follows from its profile.
    /// </summary>
    public static (string Release, bool IsSaid) ReleaseOf(Machine machine, Profile profile) =>
        machine.Spec.SecretRelease is { } said ? (said, true)
            : (profile.Spec.After == "local" ? SecretReleases.Once : SecretReleases.EveryBoot, false);

    /// <summary>
    /// Whether a boot may take the secrets: with <c>once</c>, when something has armed them after the last release was
    /// spent.
    /// </summary>
    public static bool IsArmed(Machine machine, Profile profile)
    {
        if (ReleaseOf(machine, profile).Release == SecretReleases.EveryBoot) return true;
        return machine.SecretsSpent is not { } spent || IsArmedSince(machine, profile, spent);
    }

    /// <summary>Whether something has armed a release after the claim with this number.</summary>
    public static bool IsArmedSince(Machine machine, Profile profile, long claim)
    {
        var saved = Overlay.Merge(profile.Spec.Overlay, machine.Spec.Overlay)?.Secrets()
            .Max(secret => (long?)secret.Secret.Release);
        return machine.SecretsArmed > claim || machine.NextBoot?.Release > claim || saved > claim;
    }

    private static string? RefusalOf(Machine machine, Recognition recognition, MachineIdentity identity)
    {
        if (recognition.By != Evidence.BootMac || identity.Mac is not { } mac
            || !machine.Spec.Macs.Contains(mac.ToString()))
            return "it does not boot from a registered MAC";
        if (MachineUuid.TryParse(machine.Spec.Uuid, out var uuid) && identity.Uuid != uuid)
            return "it does not say its registered UUID";
        return MachineSerial.TryParse(machine.Spec.Serial, out var serial) && identity.Serial != serial
            ? "it does not say its registered serial number" : null;
    }

    /// <summary>Why an address gets none; null when it may.</summary>
    public string? RefusalAt(IPAddress? address) => _networks.Length == 0
        || (address is not null && _networks.Any(network => network.Contains(address))) ? null
        : "its address is in none of Machines:Networks";
}
