using NetbootServer.Access.Auditing;
using NetbootServer.Storage;

namespace NetbootServer.Machines.Import;

/// <summary>What the rows of one import have in common.</summary>
/// <param name="DryRun">Only look.</param>
/// <param name="Columns">What the file sets; null for all.</param>
/// <param name="Lines">The names in the file, with their lines.</param>
/// <param name="Now">The time of the change.</param>
/// <param name="Joined">Called when one machine's record becomes part of another's.</param>
/// <param name="Audit">Where it is written down who changed each machine.</param>
internal sealed record ImportContext(bool DryRun, IReadOnlySet<string>? Columns,
    IReadOnlyDictionary<string, long> Lines, DateTimeOffset Now, MachineJoined Joined, Audit Audit)
{
    /// <summary>Names of machines in the file that get others.</summary>
    public required IReadOnlySet<string> Renamed { get; init; }

    /// <summary>Makes what refers to a machine follow its new name.</summary>
    public required References References { get; init; }

    /// <summary>More changed machines than this count as all: caches and readers load everything again.</summary>
    public const int NamedOneByOne = 500;
}
