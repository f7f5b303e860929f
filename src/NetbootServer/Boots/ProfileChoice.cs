using System.Collections.Immutable;
using NetbootServer.Machines;
using NetbootServer.Profiles;

namespace NetbootServer.Boots;

/// <summary>Which profile is a machine's: its own, else the one whose selector matches with the most labels.</summary>
internal static class ProfileChoice
{
    public static (Profile? Chosen, ImmutableArray<Candidate> Candidates) Choose(
        CatalogView view, MachineIdentity identity)
    {
        var attributes = Attributes(view.Machine, identity);
        var own = view.Machine is { State: MachineState.Registered, Spec.Profile: { } name } ? name : null;
        var ranked = view.Profiles.Values
            .Select(profile => (Profile: profile, Misses: Misses(profile, attributes)))
            .OrderByDescending(entry => entry.Profile.Name == own)
            .ThenByDescending(entry => entry.Misses is null)
            .ThenByDescending(entry => entry.Profile.Spec.Selector.Count)
            .ThenByDescending(entry => entry.Profile.Spec.Priority)
            .ThenBy(entry => entry.Profile.Name, StringComparer.Ordinal)
            .ToList();
        var winner = ranked is [var first, ..] && (first.Profile.Name == own || first.Misses is null)
            ? first.Profile : null;
        var candidates = ranked.Select(entry =>
            new Candidate(entry.Profile.Name, entry.Profile == winner, Why(entry.Profile, entry.Misses, winner, own)));
        if (own is not null && winner?.Name != own)
            candidates = candidates.Prepend(new(own, false, "is the machine's own profile, but does not exist"));
        return (winner, [.. candidates]);
    }

    /// <summary>
    /// What selectors see. A registered machine is what was registered and what its firmware says; only for others do
    /// query parameters count as labels.
    /// </summary>
    private static Dictionary<string, string> Attributes(Machine? machine, MachineIdentity identity)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in identity.Told) attributes[name] = value;
        if (identity.Mac is { } mac) attributes["mac"] = mac.ToString();
        if (identity.Arch is { } arch) attributes["arch"] = arch;
        if (machine is not { State: MachineState.Registered, Spec: { } spec })
        {
            foreach (var (name, value) in identity.Labels) attributes[name] = value;
            return attributes;
        }
        foreach (var (name, value) in spec.Labels) attributes[name] = value;
        if (spec.Uuid is not null) attributes["uuid"] = spec.Uuid;
        if (spec.Serial is not null) attributes["serial"] = spec.Serial;
        if (spec.Asset is not null) attributes["asset"] = spec.Asset;
        if (spec.Arch is not null) attributes["arch"] = spec.Arch;
        return attributes;
    }

    /// <summary>Why the selector does not match, or null when it does.</summary>
    private static string? Misses(Profile profile, Dictionary<string, string> attributes)
    {
        if (profile.Spec.Selector.Count == 0) return "has no selector, so it never matches by itself";
        foreach (var (name, wanted) in profile.Spec.Selector)
        {
            if (!attributes.TryGetValue(name, out var has)) return $"its selector wants {name}={wanted}; the machine has no {name}";
            if (has != wanted) return $"its selector wants {name}={wanted}; the machine has {name}={has}";
        }
        return null;
    }

    private static string Why(Profile profile, string? misses, Profile? winner, string? own)
    {
        var spec = profile.Spec;
        if (profile == winner)
            return profile.Name == own
                ? "is the machine's own profile"
                : $"its selector matches with {Count(spec)}, priority {spec.Priority}";
        if (misses is not null) return misses;
        if (winner!.Name == own) return $"its selector matches, but the machine has its own profile '{own}'";
        if (winner.Spec.Selector.Count > spec.Selector.Count)
            return $"matches with {Count(spec)}; '{winner.Name}' matches with {winner.Spec.Selector.Count}";
        return winner.Spec.Priority > spec.Priority
            ? $"matches as well, but '{winner.Name}' has the higher priority ({winner.Spec.Priority} against {spec.Priority})"
            : $"matches as well with the same priority, but '{winner.Name}' comes first by name";
    }

    private static string Count(ProfileSpec spec) => spec.Selector.Count == 1 ? "1 label" : $"{spec.Selector.Count} labels";
}
