using System.Text.Json.Serialization;
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
internal sealed class MachineViews(ProfileCatalog profiles)
{
    /// <summary>The machine as the API shows it.</summary>
    public MachineView Of(Machine machine) =>
        MachineView.Of(machine) with { EffectiveProfile = ProfileChoice.Effective(profiles.Current, machine) };
}
