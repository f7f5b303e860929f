namespace NetbootServer.Storage;

/// <summary>
/// Keeps the data directory to the server's own user: password hashes, keys and logs lie in it. What other users may
/// read is closed; what an admin has opened to a group on purpose, as with <c>chmod 750</c>, or to pass through to the
/// blobs with <c>chmod 711</c>, stays as it is.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode Folder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        File = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OthersReach = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The server holds it before it looks at the folder: alone, it means that the folder was empty.</summary>
    private const string LockFile = "server.lock";

    /// <summary>Folders whose files hold nothing secret, and that programs of other users may have to read.</summary>
    private static readonly string[] Open = ["blobs", "nix-roots"];

    /// <summary>Makes a folder that only its owner may enter; one that is there stays as it is.</summary>
    public static void Make(string folder)
    {
        if (Directory.Exists(folder)) return;
        if (Path.GetDirectoryName(folder) is { } parent) Directory.CreateDirectory(parent);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Folder);
    }

    /// <summary>Makes an empty file that only its owner may read; one that is there stays as it is.</summary>
    public static void MakeFile(string path)
    {
        if (System.IO.File.Exists(path)) return;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = File;
        using var made = new FileStream(path, options);
    }

    /// <summary>Closes a data directory, and what lies in it, to other users.</summary>
    /// <returns>What was closed, or could not be.</returns>
    public static IReadOnlyList<string> Close(string data)
    {
        if (OperatingSystem.IsWindows()) return [];
        var news = new List<string>();
        var files = Directory.EnumerateFiles(data).Where(path => new FileInfo(path).LinkTarget is null
            && Path.GetFileName(path) != LockFile).ToList();
        // A folder that is shared with other things, or everybody's like /tmp, is not ours to close.
        var isOwn = files.Exists(path => Path.GetFileName(path) == "netboot.db")
            || Directory.EnumerateFileSystemEntries(data).All(path => Path.GetFileName(path) == LockFile);
        if (isOwn && !System.IO.File.GetUnixFileMode(data).HasFlag(UnixFileMode.StickyBit)) Close(data, Folder, news);
        foreach (var path in files) Close(path, File, news);
        foreach (var folder in isOwn ? Directory.EnumerateDirectories(data) : [])
            if (!Open.Contains(Path.GetFileName(folder)) && new DirectoryInfo(folder).LinkTarget is null)
                Close(folder, Folder, news);
        return news;
    }

    private static void Close(string path, UnixFileMode mode, List<string> news)
    {
        if (OperatingSystem.IsWindows()) return;
        try
        {
            var before = System.IO.File.GetUnixFileMode(path);
            if ((before & OthersReach) == 0) return;
            System.IO.File.SetUnixFileMode(path, mode);
            news.Add($"{path} is closed to them: its mode was {Octal(before)}, now it is {Octal(mode)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            news.Add($"{path} stays open to them: its mode cannot be changed ({e.Message.TrimEnd('.')})");
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
