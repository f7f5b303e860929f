using System.Collections.Immutable;

namespace NetbootServer.Inventory;

/// <summary>What the files of the inventory declare, and how that went.</summary>
public sealed record InventoryView
{
    /// <summary>No directory is set.</summary>
    public const string Off = "off";

    /// <summary>The files have not been looked at yet.</summary>
    public const string Pending = "pending";

    /// <summary>What they declare is in force.</summary>
    public const string Applied = "applied";

    /// <summary>They have faults: what was in force before stays.</summary>
    public const string Faulty = "faulty";

    /// <summary>They remove so much that an operator must confirm it: what was in force before stays.</summary>
    public const string Waiting = "waiting";

    /// <summary><c>off</c>, <c>pending</c>, <c>applied</c>, <c>faulty</c> or <c>waiting</c>.</summary>
    public required string State { get; init; }

    /// <summary>The setting Inventory:Directory; missing without one.</summary>
    public string? Directory { get; init; }

    /// <summary>When files were last applied; missing before.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>When they were last read; missing before.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>Machines, profiles and images that files declare and that are in force.</summary>
    public ManagedCounts Managed { get; init; } = new(0, 0, 0);

    /// <summary>The files as they were last read.</summary>
    public ImmutableArray<InventoryFileView> Files { get; init; } = [];

    /// <summary>What is wrong, at most a thousand faults, in order of the files and lines.</summary>
    public ImmutableArray<InventoryFault> Faults { get; init; } = [];

    /// <summary>What waits for a confirmation; missing when nothing does.</summary>
    public WaitingRemovals? Removals { get; init; }
}

/// <summary>How many resources are in force that files declare.</summary>
/// <param name="Machines">Machines.</param>
/// <param name="Profiles">Profiles.</param>
/// <param name="Images">Images.</param>
public sealed record ManagedCounts(int Machines, int Profiles, int Images);

/// <summary>A file of the inventory as it was last read.</summary>
/// <param name="File">Its path below the directory.</param>
/// <param name="State"><c>good</c> or <c>faulty</c>.</param>
/// <param name="Machines">Machines that it declares.</param>
/// <param name="Profiles">Profiles that it declares.</param>
/// <param name="Images">Images that it declares.</param>
public sealed record InventoryFileView(string File, string State, int Machines, int Profiles, int Images);

/// <summary>A change of the files that removes so much that an operator must confirm it.</summary>
/// <param name="Id">What a confirmation names; other files have another.</param>
/// <param name="Count">How many resources would be removed.</param>
/// <param name="Of">How many files declared before.</param>
/// <param name="Allowed">How many may go without a confirmation: Inventory:MaxRemovals.</param>
/// <param name="Names">The first hundred of them, as <c>machine x</c>.</param>
public sealed record WaitingRemovals(string Id, int Count, int Of, int Allowed, ImmutableArray<string> Names);
