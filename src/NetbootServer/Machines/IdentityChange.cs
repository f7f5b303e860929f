using System.Collections.Immutable;

namespace NetbootServer.Machines;

/// <summary>Something of what a machine reports about itself changed: a board, a firmware, a name.</summary>
/// <param name="Name">What, under the query's names, e.g. <c>serial</c>.</param>
/// <param name="Before">What it reported before; null when it reported nothing.</param>
/// <param name="After">What it reports since.</param>
/// <param name="At">When that was first seen.</param>
public sealed record IdentityChange(string Name, string? Before, string After, DateTimeOffset At)
{
    /// <summary>How many a machine keeps; the oldest go first.</summary>
    public const int Kept = 20;

    /// <summary>Those that say nothing of the hardware: which interface asked, and the address it was lent.</summary>
    private static readonly ImmutableHashSet<string> Passing = ["mac", "ip"];

    /// <summary>Whether a machine reported all it could, as our own scripts make it.</summary>
    public static bool IsWhole(IReadOnlyDictionary<string, string> reported) => reported.ContainsKey("platform");

    /// <summary>What is new in <paramref name="after"/>, in the order of the names.</summary>
    /// <remarks>What was not reported before is new only if the machine had reported all it could.</remarks>
    public static IEnumerable<IdentityChange> Between(IReadOnlyDictionary<string, string> before,
        IReadOnlyDictionary<string, string> after, DateTimeOffset at) =>
        from reported in after
        where !Passing.Contains(reported.Key)
        let old = before.GetValueOrDefault(reported.Key)
        where old is null ? IsWhole(before) : old != reported.Value
        orderby reported.Key
        select new IdentityChange(reported.Key, old, reported.Value, at);
}
