using System.Text;

namespace NetbootServer.Overlays;

/// <summary>Paths of an overlay's files.</summary>
internal static class FilePaths
{
    /// <summary>Characters at most.</summary>
    public const int MaxLength = 1024;

    private const int MaxNameBytes = 255, MaxPathBytes = 4000; // with room for the folder that some ways put before it

    /// <summary>Folders that are mounted over before the system starts.</summary>
    private static readonly string[] Mounted = ["dev", "proc", "run", "sys"];

    /// <summary>What is wrong with a path; null when it may be an overlay's.</summary>
    public static string? Fault(string path)
    {
        if (path is not ['/', not '/', ..]) return "must be absolute, for example /etc/motd";
        var names = path[1..].Split('/');
        if (names.Any(name => name is "" or "." or ".."))
            return "must name a file, without '.', '..' and empty parts";
        if (names.Any(name => Encoding.UTF8.GetByteCount(name) > MaxNameBytes))
            return $"has a name of more than {MaxNameBytes} bytes";
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes) return $"has more than {MaxPathBytes} bytes";
        if (path == "/TRAILER!!!") return "is what ends a cpio archive";
        if (Mounted.Contains(names[0]))
            return $"is below /{names[0]}, which is mounted anew at each boot and hides it";
        return names[0] == "netboot" ? "is below /netboot, where the server itself puts files" : null;
    }

    /// <summary>Paths that cannot stand together, with the reason.</summary>
    public static IEnumerable<(string Path, string Fault)> Clashes(IEnumerable<string> paths)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var twice = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
            if (!all.Add(path)) twice.Add(path);
        foreach (var path in twice) yield return (path, "twice");
        foreach (var path in all)
            if (FoldersOf(path).FirstOrDefault(all.Contains) is { } parent)
                yield return (path, $"below '{parent}', which is a file");
    }

    /// <summary>Whether two files cannot stand together: they are the same, or one is a folder of the other.</summary>
    public static bool Clash(string path, string other) => path == other
        || path.StartsWith(other + "/", StringComparison.Ordinal)
        || other.StartsWith(path + "/", StringComparison.Ordinal);

    /// <summary>The folders above a path, the nearest last, without the root.</summary>
    public static IEnumerable<string> FoldersOf(string path)
    {
        for (var at = path.IndexOf('/', 1); at > 0; at = path.IndexOf('/', at + 1)) yield return path[..at];
    }
}
