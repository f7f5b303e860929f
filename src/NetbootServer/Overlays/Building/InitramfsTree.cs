using System.Text;
using NetbootServer.Archives.Cpio;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Overlays.Building;

/// <summary>
/// Files to be laid over an initramfs. The kernel replaces a link by a folder of the same name, and makes no parents:
/// paths go through the links that are there, and every other folder above a file is named.
/// </summary>
/// <param name="layout">What is there.</param>
internal sealed class InitramfsTree(InitrdLayout layout)
{
    private const int MaxLinks = 40;
    private readonly SortedDictionary<string, (int Mode, byte[]? Content, string? Target)> _entries =
        new(StringComparer.Ordinal);

    /// <summary>Adds a file.</summary>
    /// <param name="path">Without a leading slash.</param>
    /// <param name="mode">Permission bits.</param>
    /// <param name="content">Its bytes.</param>
    public void File(string path, int mode, byte[] content) => _entries[Placed(path)] = (mode, content, null);

    /// <summary>Adds a file of text that only root needs to read.</summary>
    public void Text(string path, int mode, string content) => File(path, mode, Encoding.UTF8.GetBytes(content));

    /// <summary>Adds a link.</summary>
    public void Link(string path, string target) => _entries[Placed(path)] = (0, null, target);

    /// <summary>Adds a folder.</summary>
    public void Folder(string path, int mode) => _entries[Placed(path)] = (mode, null, null);

    /// <summary>The archive; the same files give the same bytes.</summary>
    public byte[] ToCpio()
    {
        using var bytes = new MemoryStream();
        var cpio = new NewcWriter(bytes);
        foreach (var (path, (mode, content, target)) in _entries)
        {
            if (target is not null) cpio.Symlink(path, target);
            else if (content is not null) cpio.File(path, mode, content);
            else cpio.Directory(path, mode);
        }
        cpio.Finish();
        return bytes.ToArray();
    }

    /// <summary>Where a path leads in the image, with the folders above it named.</summary>
    private string Placed(string path)
    {
        var resolved = Resolve(path);
        for (var at = resolved.IndexOf('/', StringComparison.Ordinal); at > 0; at = resolved.IndexOf('/', at + 1))
            _entries.TryAdd(resolved[..at], (FolderMode(resolved[..at]), null, null));
        return resolved;
    }

    /// <summary>Where a path leads in the image, through the links that are there.</summary>
    public string PlaceOf(string path) => Resolve(path);

    private string Resolve(string path)
    {
        for (var links = 0; links < MaxLinks && Step(path) is { } next; links++) path = next;
        return path;
    }

    /// <summary>The path with its first link replaced; null when there is none.</summary>
    private string? Step(string path)
    {
        for (var at = path.IndexOf('/', StringComparison.Ordinal); at > 0; at = path.IndexOf('/', at + 1))
            if (layout.Links.GetValueOrDefault(path[..at]) is { } target)
                return Joined(path[..at], target) + path[at..];
        return null;
    }

    /// <summary>A link's target as a path from the root.</summary>
    private static string Joined(string link, string target)
    {
        var parts = new List<string>();
        if (!target.StartsWith('/')) parts.AddRange(link.Split('/')[..^1]);
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".") parts.Add(part);
        }
        return string.Join('/', parts);
    }

    /// <summary>The usual mode of a folder: naming one that is there sets it.</summary>
    internal static int FolderMode(string path) => path switch
    {
        "root" or "root/.ssh" or "netboot" or "netboot/overlay/root" or "netboot/overlay/root/.ssh" => 0x1C0, // 0700
        "tmp" or "var/tmp" or "netboot/overlay/tmp" or "netboot/overlay/var/tmp" => 0x3FF, // 1777
        _ => 0x1ED, // 0755
    };
}
