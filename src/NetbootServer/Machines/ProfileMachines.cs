using System.Collections.Immutable;

namespace NetbootServer.Machines;

/// <summary>Which registered machines a profile would get if it were as it is drafted.</summary>
/// <param name="Matching">How many name it or match its selector.</param>
/// <param name="Getting">
/// How many of these would get it; the others name another profile, or another matches better.
/// </param>
/// <param name="Discovered">
/// How many discovered machines match its selector: what they get once they are registered without a profile, unless
/// another matches better.
/// </param>
/// <param name="Changes">What would change from what is saved, by profiles; those of the most machines first.</param>
/// <param name="Items">
/// The first machines, up to <c>limit</c>: by name those that would get it, then those that only match, then those that
/// would no longer get it.
/// </param>
public sealed record ProfileMachines(int Matching, int Getting, int Discovered,
    ImmutableArray<ProfileChange> Changes, ImmutableArray<ProfileMachine> Items)
{
    /// <summary>Of the machines that would get it, the one with the longest kernel arguments of its own.</summary>
    public LongestArguments? Longest { get; init; }
}

/// <summary>Machines that would get another profile.</summary>
/// <param name="From">The profile that they get now; missing: none.</param>
/// <param name="To">The profile that they would get; missing: none.</param>
/// <param name="Machines">How many machines.</param>
public sealed record ProfileChange(string? From, string? To, int Machines);

/// <summary>A machine that a drafted profile concerns.</summary>
/// <param name="Machine">The machine; its <c>effectiveProfile</c> is by what is saved.</param>
/// <param name="Gets">The profile that it would get; missing: none.</param>
public sealed record ProfileMachine(MachineView Machine, EffectiveProfile? Gets);

/// <summary>The longest kernel arguments that a machine adds.</summary>
/// <param name="Machine">Its name.</param>
/// <param name="Bytes">Bytes of its arguments, each with the blank before it.</param>
public sealed record LongestArguments(string Machine, int Bytes);
