using System.Text;

namespace NetbootServer.Inventory.Files;

/// <summary>The directory of the inventory as it is at a moment.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Stamp">Differs when something in it has changed.</param>
/// <param name="Fault">Why it is no inventory: it is away, or empty; null when it is one.</param>
internal sealed record DirectoryLook(IReadOnlyList<InventoryFile> Files, string Stamp, string? Fault = null)
{
    /// <summary>Looks at it.</summary>
    /// <param name="directory">Its path.</param>
    /// <param name="secrets">Files with secrets that belong to it.</param>
    public static DirectoryLook At(string directory, IReadOnlyList<string> secrets)
    {
        try
        {
            var files = InventoryFile.In(directory);
            return files.Count > 0 ? At(directory, files, secrets.Select(path => (path, InventoryFile.StampOf(path))))
                : Faulty(
                $"The directory {directory} has no files *.yaml, *.yml or *.json. To remove what it declared, leave " +
                "a file that says machines: {}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Faulty(e is DirectoryNotFoundException
                ? $"The directory {directory} is not there: make it, mount it, or correct Inventory:Directory."
                : $"The directory {directory} cannot be read: {e.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>A directory with these files.</summary>
    /// <param name="directory">Its path.</param>
    /// <param name="files">The files.</param>
    /// <param name="secrets">Files with secrets that belong to it, with what they were.</param>
    public static DirectoryLook At(string directory, IReadOnlyList<InventoryFile> files,
        IEnumerable<(string Path, string Stamp)> secrets)
    {
        var stamp = new StringBuilder(directory);
        foreach (var file in files) stamp.Append('\n').Append(file.Name).Append('\0').Append(file.Stamp);
        foreach (var (path, state) in secrets) stamp.Append('\n').Append(path).Append('\0').Append(state);
        return new(files, stamp.ToString());
    }

    private static DirectoryLook Faulty(string fault) => new([], fault, fault);
}
