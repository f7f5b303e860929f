using System.Collections.Immutable;
using System.Text.Json;
using NetbootServer.Api;

namespace NetbootServer.Inventory.Files;

/// <summary>A resource as it stands in a file.</summary>
/// <param name="Kind">machine, profile or image.</param>
/// <param name="Name">Its key in the file, which may be no name.</param>
/// <param name="Line">The line of the key.</param>
/// <param name="Body">Its value.</param>
/// <param name="Lines">The line of each value in <paramref name="Body"/>, in document order.</param>
internal sealed record DeclaredValue(string Kind, string Name, int Line, JsonElement Body, IReadOnlyList<int> Lines)
{
    /// <summary>The members of the value with their lines.</summary>
    public ImmutableArray<(string Name, int Line)> Members()
    {
        if (Body.ValueKind != JsonValueKind.Object) return [];
        var (members, index) = (ImmutableArray.CreateBuilder<(string, int)>(Body.GetPropertyCount()), 1);
        foreach (var member in Body.EnumerateObject())
        {
            members.Add((string.Intern(member.Name), Lines[index]));
            index += ValuesIn(member.Value);
        }
        return members.DrainToImmutable();
    }

    /// <summary>The line of a value, or of the nearest around it.</summary>
    /// <param name="path">Its JSON path, such as <c>$.macs[0]</c>.</param>
    public int LineOf(string path)
    {
        var (rest, value, index) = (path[1..], Body, 0);
        while (Child(rest, value, index) is { } child) (rest, value, index) = child;
        return Lines[index];
    }

    private static (string Path, JsonElement Value, int Index)? Child(string path, JsonElement value, int index)
    {
        index++;
        if (path.StartsWith('.') && value.ValueKind == JsonValueKind.Object)
        {
            (string, JsonElement, int)? best = null;
            var longest = -1; // a label's name may have dots
            foreach (var member in value.EnumerateObject())
            {
                var name = member.Name;
                if (name.Length > longest && path.AsSpan(1).StartsWith(name, StringComparison.Ordinal)
                    && path[(name.Length + 1)..] is "" or ['.' or '[', ..])
                    (longest, best) = (name.Length, (path[(name.Length + 1)..], member.Value, index));
                index += ValuesIn(member.Value);
            }
            return best;
        }
        if (!path.StartsWith('[') || value.ValueKind != JsonValueKind.Array
            || !int.TryParse(path.AsSpan(1, Math.Max(0, path.IndexOf(']', StringComparison.Ordinal) - 1)), out var at)
            || at >= value.GetArrayLength()) return null;
        for (var i = 0; i < at; i++) index += ValuesIn(value[i]);
        return (path[(path.IndexOf(']', StringComparison.Ordinal) + 1)..], value[at], index);
    }

    private static int ValuesIn(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 1 + value.EnumerateObject().Sum(member => ValuesIn(member.Value)),
        JsonValueKind.Array => 1 + value.EnumerateArray().Sum(ValuesIn),
        _ => 1,
    };
}

/// <summary>Takes what a reader finds in a file.</summary>
internal interface IDeclaredValues
{
    /// <summary>A resource.</summary>
    void Add(DeclaredValue value);

    /// <summary>A place that cannot be read.</summary>
    void Fault(int line, string fault);
}

/// <summary>The members of a file, and what they hold.</summary>
internal static class InventoryKinds
{
    /// <summary>Each member's name is the kind's in the plural.</summary>
    public static readonly ImmutableArray<string> All = ["image", "profile", "machine"];

    /// <summary>The kind that a member holds; null when there is no such member.</summary>
    public static string? OfMember(string member) =>
        member.EndsWith('s') && All.Contains(member[..^1]) ? string.Intern(member[..^1]) : null;

    /// <summary>What is wrong with another member.</summary>
    public static string NoMember(string member) =>
        $"'{JsonFields.Shorten(member)}' is not a member of an inventory file; it has images, profiles and " +
        "machines";

    /// <summary>What a file must be.</summary>
    public const string Shape = "must have images, profiles or machines by name, as in 'machines: {node1: {macs: " +
        "[\"52:54:00:aa:bb:01\"]}}'; remove a file that is not needed any more";
}
