using System.Collections.Frozen;
using System.Collections.Immutable;

namespace NetbootServer.Profiles;

/// <summary>
/// All profiles as of one moment: by name, and ranked once so that of those with a selector the first that matches a
/// machine is the machine's.
/// </summary>
public sealed class ProfileSet
{
    private ProfileSet(FrozenDictionary<string, Profile> byName, ImmutableArray<SelectingProfile> ranked) =>
        (ByName, Ranked) = (byName, ranked);

    /// <summary>The profiles by name.</summary>
    public FrozenDictionary<string, Profile> ByName { get; }

    /// <summary>Those with a selector: the most labels first, then the highest priority, then by name.</summary>
    public ImmutableArray<SelectingProfile> Ranked { get; }

    /// <summary>A set of these profiles; their names differ.</summary>
    public static ProfileSet Of(IEnumerable<Profile> profiles)
    {
        var byName = profiles.ToFrozenDictionary(profile => profile.Name, StringComparer.Ordinal);
        return new(byName,
        [
            .. byName.Values.Where(profile => profile.Spec.Selector.Count > 0)
                .OrderByDescending(profile => profile.Spec.Selector.Count)
                .ThenByDescending(profile => profile.Spec.Priority)
                .ThenBy(profile => profile.Name, StringComparer.Ordinal)
                .Select(profile => new SelectingProfile(profile, [.. profile.Spec.Selector])),
        ]);
    }
}

/// <summary>A profile with its selector in a form that is walked without garbage.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Selector">Names and values that a machine must have.</param>
public sealed record SelectingProfile(Profile Profile, ImmutableArray<KeyValuePair<string, string>> Selector);
