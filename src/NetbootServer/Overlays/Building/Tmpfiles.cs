using System.Globalization;
using System.Text;

namespace NetbootServer.Overlays.Building;

/// <summary>Lines of tmpfiles.d(5) that write files: their content stands in them, in base64.</summary>
internal static class Tmpfiles
{
    /// <summary>Lines for files and the folders above them.</summary>
    /// <param name="prefix">Before every path, such as <c>/sysroot</c>.</param>
    /// <param name="files">Absolute paths, modes, contents.</param>
    public static string Lines(string prefix, IEnumerable<(string Path, int Mode, byte[] Content)> files)
    {
        var lines = new StringBuilder();
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, mode, content) in files)
        {
            foreach (var folder in FilePaths.FoldersOf(path))
                if (folders.Add(folder))
                    // Without a mode and an owner, a folder that is there keeps its own.
                    Append(lines, "d", prefix + folder, InitramfsTree.FolderMode(folder[1..]) is 0x1C0 ? "0700" : "-",
                        "-", "-");
            Append(lines, "f+~", prefix + path, Convert.ToString(mode, 8).PadLeft(4, '0'), "root",
                Convert.ToBase64String(content));
        }
        return lines.ToString();
    }

    private static void Append(StringBuilder lines, string type, string path, string mode, string owner,
        string argument) =>
        lines.Append(CultureInfo.InvariantCulture, $"{type} {Escaped(path)} {mode} {owner} {owner} - {argument}\n");

    private static string Escaped(string path) => path.Replace("%", "%%", StringComparison.Ordinal)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(" ", "\\x20", StringComparison.Ordinal)
        .Replace("\t", "\\x09", StringComparison.Ordinal).Replace("\"", "\\x22", StringComparison.Ordinal)
        .Replace("'", "\\x27", StringComparison.Ordinal);
}
