using System.Text.Json.Serialization;
using NetbootServer.Overlays;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>How a machine comes by its profile.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProfileOrigin>))]
public enum ProfileOrigin
{
    /// <summary>The machine names it.</summary>
    [JsonStringEnumMemberName("machine")] Machine,

    /// <summary>Its selector matches the machine, better than any other.</summary>
    [JsonStringEnumMemberName("selector")] Selector,
}

/// <summary>
/// The profile of a machine, as the boot planner chooses it: a next boot, or what a person chooses at the machine,
/// comes before it.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="By">Whether the machine names it, or its selector matches.</param>
public sealed record EffectiveProfile(string Name, ProfileOrigin By)
{
    /// <summary>
    /// Where the machine names its profile: the one whose selector matches best, which it gets without a name. Missing:
    /// none matches.
    /// </summary>
    public string? Otherwise { get; init; }
}

/// <summary>Makes machines' views with what the profiles say of them.</summary>
internal sealed class MachineViews(ProfileCatalog profiles, MachineHostKeys hostKeys)
{
    /// <summary>The machine as the API shows it.</summary>
    public MachineView Of(Machine machine)
    {
        var profile = ProfileChoice.Effective(profiles.Current, machine);
        var overlay = Overlay.Merge(profile is null ? null
            : profiles.Profiles.GetValueOrDefault(profile.Name)?.Spec.Overlay, machine.Spec.Overlay);
        return MachineView.Of(machine) with
        {
            EffectiveProfile = profile,
            HostKeys = machine.State == MachineState.Registered
                ? hostKeys.PublicOf(overlay?.HostKeys, machine.HostKeyOwner) : null,
        };
    }

    /// <summary>The machine as lists and events show it: without long contents of files.</summary>
    public MachineView ListedOf(Machine machine)
    {
        var view = Of(machine);
        return view with { Overlay = view.Overlay?.Listed() };
    }
}
