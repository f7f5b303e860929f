using NetbootServer.Hosting;

namespace NetbootServer.Storage;

/// <summary>
/// The folder with everything that must survive a restart. Held by one running server at a time: two servers on one
/// folder would sweep each other's half-written files.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private const string DatabaseName = "netboot.db";
    private readonly FileStream? _lock;

    private DataDirectory(string path, FileStream? held, IReadOnlyList<string> closed)
    {
        Path = path;
        _lock = held;
        Closed = closed;
    }

    /// <summary>What was open to other users of this computer and no longer is, for the log.</summary>
    internal IReadOnlyList<string> Closed { get; }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>The SQLite file.</summary>
    public string DatabaseFile => System.IO.Path.Combine(Path, DatabaseName);

    /// <summary>A path below the folder.</summary>
    public string Below(string relative) => System.IO.Path.Combine(Path, relative);

    /// <summary>
    /// Makes the folder when missing, proves that it can be written, takes its lock, and closes it to other users.
    /// </summary>
    /// <exception cref="StartFailure">It cannot be made or written, or another server holds it.</exception>
    public static DataDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            PrivateFiles.Make(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(full, e);
        }
        var lockFile = System.IO.Path.Combine(full, "server.lock");
        try
        {
            var held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var closed = PrivateFiles.Close(full);
            PrivateFiles.MakeFile(System.IO.Path.Combine(full, DatabaseName)); // SQLite's further files get its mode
            return new DataDirectory(full, held, closed);
        }
        catch (IOException e) when (File.Exists(lockFile) && e is not DirectoryNotFoundException)
        {
            throw new StartFailure("DataDirectory", full,
                "another server is using this folder: stop it, or give this one its own, such as DataDirectory=data2");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(full, e);
        }
    }

    /// <summary>
    /// The folder of a server that may be running, for a command that only changes its database.
    /// </summary>
    /// <exception cref="StartFailure">There is no database in it.</exception>
    public static DataDirectory Visit(string path)
    {
        var data = new DataDirectory(System.IO.Path.GetFullPath(path), null, []);
        return File.Exists(data.DatabaseFile)
            ? data
            : throw new StartFailure("DataDirectory", data.Path,
                "has no database yet: start the server once, or name its folder, such as " +
                "DataDirectory=/var/lib/netboot-server");
    }

    private static StartFailure Unwritable(string full, Exception e) => new("DataDirectory", full,
        $"cannot be written ({e.Message.TrimEnd('.')}): make it writable for this user, " +
        "or name another folder, such as DataDirectory=/var/lib/netboot-server");

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();
}
