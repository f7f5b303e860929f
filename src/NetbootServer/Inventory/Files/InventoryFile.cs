using System.Globalization;
using NetbootServer.Downloads;

namespace NetbootServer.Inventory.Files;

/// <summary>A file of the inventory as it is on the disk.</summary>
/// <param name="Name">Its path below the directory, with slashes.</param>
/// <param name="Path">Its path.</param>
/// <param name="Stamp">Differs when the file has changed: its real path, length and time.</param>
internal sealed record InventoryFile(string Name, string Path, string Stamp)
{
    private const int MaxDepth = 8;

    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>
    /// The files of a directory and of the folders in it, in order of their names. Hidden ones, such as
    /// <c>.git</c>, <c>..data</c> of Kubernetes and what editors leave, are passed over.
    /// </summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static IReadOnlyList<InventoryFile> In(string directory)
    {
        var files = new List<InventoryFile>();
        Add(directory, "", 0, [], files);
        files.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return files;
    }

    /// <summary>What a file is now; its absence, and why it cannot be looked at, are stamps, too.</summary>
    public static string StampOf(string path)
    {
        try
        {
            var real = RealPath.Of(System.IO.Path.GetFullPath(path));
            var info = new FileInfo(real);
            return info.Exists ? string.Create(CultureInfo.InvariantCulture,
                $"{real}\0{info.Length}\0{info.LastWriteTimeUtc.Ticks}") : $"{real}\0none";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static void Add(
        string folder, string prefix, int depth, HashSet<string> above, List<InventoryFile> files)
    {
        var real = RealPath.Of(System.IO.Path.GetFullPath(folder));
        if (above.Contains(real)) return; // a link leads in a circle
        if (depth > MaxDepth) throw new IOException($"{prefix} is more than {MaxDepth} folders deep");
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            var name = System.IO.Path.GetFileName(path);
            if (name is ['.' or '#', ..]) continue;
            if (Directory.Exists(path)) Add(path, $"{prefix}{name}/", depth + 1, [.. above, real], files);
            else if (Extensions.Contains(System.IO.Path.GetExtension(name)))
                files.Add(new(prefix + name, path, StampOf(path)));
            else if (new FileInfo(path).LinkTarget is not null && !File.Exists(RealPath.Of(path)))
                throw new IOException($"the link {prefix}{name} leads to nothing"); // perhaps to a folder of files
        }
    }
}
