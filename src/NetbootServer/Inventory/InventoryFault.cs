using System.Collections.Immutable;
using System.Globalization;
using NetbootServer.Hosting;

namespace NetbootServer.Inventory;

/// <summary>What is wrong with a file of the inventory.</summary>
/// <param name="File">Its path below the directory; missing when the directory itself is at fault.</param>
/// <param name="Line">The line, from 1; missing when the file as a whole is at fault.</param>
/// <param name="Fault">What is wrong, and what to do.</param>
public sealed record InventoryFault(string? File, int? Line, string Fault)
{
    /// <summary>As compilers write it: <c>file:line: fault</c>.</summary>
    public override string ToString() => SafeText.Line((File, Line) switch
    {
        (null, _) => Fault,
        (_, null) => $"{File}: {Fault}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Fault}"),
    });
}

/// <summary>Collects faults; at most a thousand are kept.</summary>
internal sealed class InventoryFaults
{
    public const int Most = 1000;
    private readonly List<InventoryFault> _all = [];

    public bool Any => _all.Count > 0;

    /// <summary>No more are taken.</summary>
    public bool Full => _all.Count >= Most;

    public void Add(string? file, int? line, string fault)
    {
        if (!Full) _all.Add(new(file, line, fault));
    }

    public void Add(DeclaredPlace place, string fault) => Add(place.File, place.Line, fault);

    /// <summary>The faults by file, and in each by line.</summary>
    public ImmutableArray<InventoryFault> ToImmutable() =>
        [.. _all.OrderBy(fault => fault.File, StringComparer.Ordinal).ThenBy(fault => fault.Line ?? 0)];
}
