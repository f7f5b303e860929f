using System.Collections.Immutable;
using System.Globalization;

namespace NetbootServer.Inventory;

/// <summary>Where a file declares a resource.</summary>
/// <param name="Kind">machine, profile or image.</param>
/// <param name="Name">The resource's name.</param>
/// <param name="File">The file's path below the directory.</param>
/// <param name="Line">The line of its name.</param>
/// <param name="Members">Its members with their lines.</param>
internal sealed record DeclaredPlace(
    string Kind, string Name, string File, int Line, ImmutableArray<(string Name, int Line)> Members)
{
    /// <summary>For messages: <c>file:line</c>.</summary>
    public string Shown => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}");

    /// <summary>The line of a member, or the resource's own.</summary>
    public int LineOf(string member)
    {
        foreach (var (name, line) in Members)
            if (name == member) return line;
        return Line;
    }

    /// <summary>A fault as it is shown: <c>machines.node1.macs[0] must be …</c>.</summary>
    /// <param name="path">JSON path below the resource, beginning with <c>$</c>.</param>
    /// <param name="fault">What is wrong.</param>
    public string Describe(string path, string fault) => $"{Kind}s.{Name}{path[1..]} {fault}";
}

/// <summary>An image or a profile that a file declares.</summary>
/// <typeparam name="TSpec">What users set of it.</typeparam>
/// <param name="Place">Where it stands.</param>
/// <param name="Spec">What it sets.</param>
/// <param name="Adopts">Whether it takes over one that the API made.</param>
internal sealed record Declared<TSpec>(DeclaredPlace Place, TSpec Spec, bool Adopts);

/// <summary>A machine that a file declares, without what is stored of it.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Adopts">Whether it takes over one that the API made.</param>
internal sealed record DeclaredMachine(DeclaredPlace Place, bool Adopts);

/// <summary>A resource names another one.</summary>
/// <param name="Place">The resource.</param>
/// <param name="Member">Its member that names the other.</param>
/// <param name="Kind">The other's kind.</param>
/// <param name="Name">The other's name.</param>
internal readonly record struct DeclaredReference(DeclaredPlace Place, string Member, string Kind, string Name);
