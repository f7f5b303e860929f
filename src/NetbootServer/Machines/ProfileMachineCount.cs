using System.Collections.Immutable;
using NetbootServer.Profiles;

namespace NetbootServer.Machines;

/// <summary>
/// Sorts machines, one by one, by whether they would get a profile if it were as it is drafted. Holds counts, and the
/// names of the first machines only.
/// </summary>
/// <param name="draft">The profile as drafted.</param>
/// <param name="saved">All profiles as they are saved.</param>
/// <param name="limit">How many machines are named.</param>
internal sealed class ProfileMachineCount(Profile draft, ProfileSet saved, int limit)
{
    private readonly ProfileSet _drafted = ProfileSet.Of(
        saved.ByName.Values.Where(profile => profile.Name != draft.Name).Append(draft));

    private readonly ImmutableArray<KeyValuePair<string, string>> _selector = [.. draft.Spec.Selector];
    private readonly Dictionary<(string? From, string? To), int> _changes = [];
    private readonly SortedSet<Named> _first = new(Comparer<Named>.Create((one, other) => one.Rank != other.Rank
        ? one.Rank.CompareTo(other.Rank) : string.CompareOrdinal(one.Name, other.Name)));

    private int _matching, _getting, _discovered;
    private LongestArguments? _longest;

    /// <summary>Counts a machine.</summary>
    public void Add(Machine machine)
    {
        if (machine.State != MachineState.Registered)
        {
            var registered = machine with { State = MachineState.Registered };
            if (ProfileChoice.Matches(_selector, new(registered, identity: null))) _discovered++;
            return;
        }
        var facts = new SelectorFacts(machine, identity: null);
        var now = ProfileChoice.Effective(saved, machine, facts)?.Name;
        var gets = ProfileChoice.Effective(_drafted, machine, facts);
        var matches = machine.Spec.Profile == draft.Name || ProfileChoice.Matches(_selector, facts);
        if (matches) _matching++;
        if (now != gets?.Name) _changes[(now, gets?.Name)] = _changes.GetValueOrDefault((now, gets?.Name)) + 1;
        if (gets?.Name == draft.Name) AddGetting(machine);
        if (gets?.Name == draft.Name) Name(new(Rank.Gets, machine.Name, gets));
        else if (matches) Name(new(Rank.OnlyMatches, machine.Name, gets));
        else if (now == draft.Name) Name(new(Rank.Loses, machine.Name, gets));
    }

    /// <summary>The first machines in order, with what each would get.</summary>
    public ImmutableArray<(string Name, EffectiveProfile? Gets)> First =>
        [.. _first.Select(named => (named.Name, named.Gets))];

    /// <summary>What was counted, with the machines of <see cref="First"/>.</summary>
    public ProfileMachines With(ImmutableArray<ProfileMachine> items) => new(_matching, _getting, _discovered,
        [
            .. _changes.OrderByDescending(change => change.Value)
                .ThenBy(change => change.Key.From, StringComparer.Ordinal)
                .ThenBy(change => change.Key.To, StringComparer.Ordinal)
                .Select(change => new ProfileChange(change.Key.From, change.Key.To, change.Value)),
        ], items)
    { Longest = _longest };

    private void AddGetting(Machine machine)
    {
        _getting++;
        var bytes = machine.Spec.KernelArguments.Sum(argument => argument.Length + 1);
        if (bytes > 0 && (_longest is null || bytes > _longest.Bytes
            || (bytes == _longest.Bytes && string.CompareOrdinal(machine.Name, _longest.Machine) < 0)))
            _longest = new(machine.Name, bytes);
    }

    private void Name(Named machine)
    {
        _first.Add(machine);
        if (_first.Count > limit) _first.Remove(_first.Max!);
    }

    private enum Rank { Gets, OnlyMatches, Loses }

    private sealed record Named(Rank Rank, string Name, EffectiveProfile? Gets);
}
