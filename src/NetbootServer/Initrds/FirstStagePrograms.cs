using System.Collections.Immutable;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Initrds;

/// <summary>
/// Finds in a NAR the programs that <see cref="FirstStage"/> starts: executable files of these names in <c>bin</c> or
/// <c>sbin</c>, and links to executable files of the same store path.
/// </summary>
/// <param name="path">The store path of the NAR.</param>
internal sealed class FirstStagePrograms(StorePath path)
{
    private const int MaxLinks = 8;

    /// <summary>The names that are looked for.</summary>
    public static ImmutableArray<string> Names { get; } =
        ["chroot", "ln", "mkdir", "mount", "nix-store", "rm", "umount"];

    private static readonly ImmutableArray<string> Folders = ["bin", "sbin"];

    private readonly HashSet<string> _executables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    /// <summary>Takes note of a node.</summary>
    public void Add(NarEntry entry)
    {
        if (!Folders.Contains(entry.Path.Split('/')[0])) return;
        if (entry.Kind == NarKind.Executable) _executables.Add(entry.Path);
        else if (entry is { Kind: NarKind.Link, Target: { } target }) _links[entry.Path] = target;
    }

    /// <summary>What was found, as paths below the store path such as <c>bin/mount</c>.</summary>
    public ImmutableArray<string> Found =>
        [.. Folders.SelectMany(folder => Names.Select(name => $"{folder}/{name}")).Where(IsProgram)];

    private bool IsProgram(string file)
    {
        for (var links = 0; links < MaxLinks; links++)
        {
            var folder = file[..file.IndexOf('/', StringComparison.Ordinal)];
            if (_executables.Contains(file)) return true;
            if (_links.TryGetValue(folder, out var target)) file = Resolve("", target) + file[folder.Length..];
            else if (_links.TryGetValue(file, out target)) file = Resolve(folder, target);
            else return false;
            if (!file.Contains('/', StringComparison.Ordinal)) return false;
        }
        return false;
    }

    /// <summary>Where a link leads, below the store path; empty when it leads out of it.</summary>
    private string Resolve(string folder, string target)
    {
        var root = path + "/";
        if (target.StartsWith(root, StringComparison.Ordinal)) (folder, target) = ("", target[root.Length..]);
        else if (target.StartsWith('/')) return "";
        var parts = folder.Length == 0 ? [] : new List<string> { folder };
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count == 0) return "";
            else parts.RemoveAt(parts.Count - 1);
        }
        return string.Join('/', parts);
    }
}
