using System.Collections.Immutable;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>A profile that was considered for a machine, and how it fared.</summary>
/// <param name="Profile">Its name.</param>
/// <param name="Matched">Whether the machine got it.</param>
/// <param name="Why">The reason, a sentence without its full stop.</param>
/// <param name="Fits">Whether its selector matches the machine, though another profile may be the better one.</param>
public sealed record Candidate(string Profile, bool Matched, string Why, bool Fits);

/// <summary>Which profile is a machine's: its own, else the one whose selector matches with the most labels.</summary>
internal static class ProfileChoice
{
    private const string IsOwn = "is the machine's own profile";

    /// <summary>The machine's profile and why it is; null when it has none.</summary>
    /// <param name="profiles">All profiles.</param>
    /// <param name="machine">The machine; null when it is unknown.</param>
    /// <param name="identity">What it reports.</param>
    public static (Profile Profile, string Why)? Choose(
        ProfileSet profiles, Machine? machine, MachineIdentity identity)
    {
        if (Own(profiles, machine) is { } own) return (own, IsOwn);
        return Selected(profiles, new(machine, identity)) is { } selected ? (selected, WhyMatches(selected.Spec))
            : null;
    }

    /// <summary>The profile of a machine that reports what it is expected to, as the API shows it.</summary>
    public static EffectiveProfile? Effective(ProfileSet profiles, Machine machine) =>
        Effective(profiles, machine, new(machine, identity: null));

    /// <summary>The same by facts that are known already.</summary>
    public static EffectiveProfile? Effective(ProfileSet profiles, Machine machine, SelectorFacts facts)
    {
        var selected = Selected(profiles, facts)?.Name;
        if (Own(profiles, machine) is { } own) return new(own.Name, ProfileOrigin.Machine) { Otherwise = selected };
        return selected is null ? null : new(selected, ProfileOrigin.Selector);
    }

    /// <summary>Whether a selector matches; an empty one never does.</summary>
    public static bool Matches(ImmutableArray<KeyValuePair<string, string>> selector, SelectorFacts facts) =>
        selector.Length > 0 && FirstMiss(selector, facts) is null;

    /// <summary>How every profile fared, and why: the winner first, then those that match as well.</summary>
    public static ImmutableArray<Candidate> Explain(ProfileSet profiles, Machine? machine, MachineIdentity identity)
    {
        var (own, winner) = (OwnName(machine), Choose(profiles, machine, identity)?.Profile);
        var facts = new SelectorFacts(machine, identity);
        var candidates = profiles.ByName.Values
            .Select(profile => (Profile: profile, Misses: WhyNot(profile, facts)))
            .OrderByDescending(entry => entry.Profile == winner)
            .ThenByDescending(entry => entry.Misses is null)
            .ThenByDescending(entry => entry.Profile.Spec.Selector.Count)
            .ThenByDescending(entry => entry.Profile.Spec.Priority)
            .ThenBy(entry => entry.Profile.Name, StringComparer.Ordinal)
            .Select(entry => new Candidate(
                entry.Profile.Name, entry.Profile == winner, Why(entry.Profile, entry.Misses, winner, own),
                Fits: entry.Misses is null));
        if (own is not null && winner?.Name != own)
            candidates = candidates.Prepend(
                new(own, false, "is the machine's own profile, but does not exist", Fits: false));
        return [.. candidates];
    }

    private static Profile? Own(ProfileSet profiles, Machine? machine) =>
        OwnName(machine) is { } own ? profiles.ByName.GetValueOrDefault(own) : null;

    /// <summary>The profile whose selector matches best; null when none matches.</summary>
    private static Profile? Selected(ProfileSet profiles, SelectorFacts facts)
    {
        foreach (var (ranked, selector) in profiles.Ranked)
            if (FirstMiss(selector, facts) is null) return ranked;
        return null;
    }

    private static string? OwnName(Machine? machine) =>
        machine is { State: MachineState.Registered, Spec.Profile: { } name } ? name : null;

    /// <summary>The first requirement of the selector that the machine does not meet; null when it meets all.</summary>
    private static KeyValuePair<string, string>? FirstMiss(
        ImmutableArray<KeyValuePair<string, string>> selector, SelectorFacts facts)
    {
        foreach (var required in selector)
            if (facts[required.Key] != required.Value) return required;
        return null;
    }

    /// <summary>Why the selector does not match, or null when it does.</summary>
    private static string? WhyNot(Profile profile, SelectorFacts facts)
    {
        if (profile.Spec.Selector.Count == 0) return "has no selector, so it never matches by itself";
        if (FirstMiss([.. profile.Spec.Selector], facts) is not var (name, wanted)) return null;
        return facts[name] is { } has
            ? $"its selector wants {name}={wanted}; the machine has {name}={has}"
            : $"its selector wants {name}={wanted}; the machine has no {name}";
    }

    private static string Why(Profile profile, string? misses, Profile? winner, string? own)
    {
        var spec = profile.Spec;
        if (profile == winner) return profile.Name == own ? IsOwn : WhyMatches(spec);
        if (misses is not null) return misses;
        if (winner!.Name == own) return $"its selector matches, but the machine has its own profile '{own}'";
        if (winner.Spec.Selector.Count > spec.Selector.Count)
            return $"matches with {Count(spec)}; '{winner.Name}' matches with {winner.Spec.Selector.Count}";
        return winner.Spec.Priority > spec.Priority
            ? $"matches as well, but '{winner.Name}' has the higher priority ({winner.Spec.Priority} against " +
            $"{spec.Priority})"
            : $"matches as well with the same priority, but '{winner.Name}' comes first by name";
    }

    private static string WhyMatches(ProfileSpec spec) =>
        $"its selector matches with {Count(spec)}, priority {spec.Priority}";

    private static string Count(ProfileSpec spec) => spec.Selector.Count == 1 ? "1 label"
        : $"{spec.Selector.Count} labels";
}
