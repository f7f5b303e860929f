using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Blobs;

/// <summary>
/// The files of blobs on this machine's disk: <c>blobs/ab/abcdef…</c>, each written elsewhere first and put there
/// whole, then never changed.
/// </summary>
public sealed class BlobDirectory
{
    private const UnixFileMode ReadOnlyForAll =
        UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const string ProbeName = "tmp/.probe";

    private readonly string _root;
    private readonly string _temporary;

    private BlobDirectory(string root) => (_root, _temporary) = (root, Path.Combine(root, "tmp"));

    /// <summary>
    /// Makes the folders and sweeps what an earlier run left half-written: the data directory is held by this server
    /// exclusively, so no other process can still be writing there.
    /// </summary>
    /// <exception cref="StartFailure">They cannot be made.</exception>
    public static BlobDirectory Open(DataDirectory data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var directory = new BlobDirectory(data.Below("blobs"));
        try
        {
            directory.MakeFolders();
            directory.Sweep();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure("DataDirectory", data.Path,
                $"its folder blobs cannot be written ({e.Message.TrimEnd('.')}): make it writable for this user");
        }
        return directory;
    }

    private void MakeFolders()
    {
        Directory.CreateDirectory(_temporary);
        if (Directory.Exists(Path.Combine(_root, "ff"))) return;
        for (var prefix = 0; prefix < 256; prefix++) Directory.CreateDirectory(Path.Combine(_root, $"{prefix:x2}"));
        Durable.FlushFolder(_root);
        Durable.FlushFolder(Path.GetDirectoryName(_root)!);
    }

    private void Sweep()
    {
        foreach (var file in Directory.EnumerateFiles(_temporary)) File.Delete(file);
    }

    /// <summary>Where the file of a blob is when it is there.</summary>
    public string PathOf(Sha256Digest digest)
    {
        var name = digest.ToString();
        return Path.Combine(_root, name[..2], name);
    }

    /// <summary>The file of a blob is there and has its length.</summary>
    public bool Holds(Sha256Digest digest, long length) =>
        new FileInfo(PathOf(digest)) is { Exists: true } file && file.Length == length;

    /// <summary>The folder.</summary>
    public string Root => _root;

    /// <summary>
    /// Why the folder cannot be used now, a sentence that says what to do; null when it can: it is there, its disk
    /// answers and takes writes. Blocks for as long as the file system does.
    /// </summary>
    public string? Problem()
    {
        try
        {
            using var probe = File.OpenHandle(Path.Combine(_root, ProbeName), FileMode.OpenOrCreate, FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete, FileOptions.DeleteOnClose);
            _ = FreeBytes;
            return null;
        }
        catch (Exception e) when (Database.IsFull(e))
        {
            return null; // it is there; the room on it is another question
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The folder {_root} cannot be used ({e.Message.TrimEnd('.')}): bring its disk back, or make it " +
                "writable. Scripts and local boots go on; files are served again as soon as it is back.";
        }
    }

    /// <summary>The digests and lengths of all files, whatever the database knows of them.</summary>
    internal IEnumerable<(Sha256Digest Digest, FileInfo File)> Files() =>
        from folder in new DirectoryInfo(_root).EnumerateDirectories("??")
        from file in folder.EnumerateFiles()
        let digest = Sha256Digest.TryParse(file.Name, out var parsed) ? parsed : (Sha256Digest?)null
        where digest is not null
        select (digest.Value, file);

    /// <summary>Bytes that this process may still write to the disk.</summary>
    public long FreeBytes => new DriveInfo(_root).AvailableFreeSpace;

    private long _seenFreeBytes = -1;

    /// <summary>
    /// The same at the last look, which a disk that hangs does not delay; null before the first.
    /// </summary>
    public long? SeenFreeBytes => Volatile.Read(ref _seenFreeBytes) is >= 0 and var bytes ? bytes : null;

    /// <summary>Notes what was seen.</summary>
    internal void SeenFree(long bytes) => Volatile.Write(ref _seenFreeBytes, bytes);

    /// <summary>A new, not yet visible file, to be written and then <see cref="Publish"/>ed or deleted.</summary>
    internal string NewTemporary() => Path.Combine(_temporary, Guid.CreateVersion7().ToString("n"));

    /// <summary>
    /// Makes a completely written and flushed temporary file the blob's file, in one step that survives a power cut.
    /// A file already there is replaced, never written to.
    /// </summary>
    internal void Publish(string temporary, Sha256Digest digest)
    {
        var path = PathOf(digest);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, ReadOnlyForAll);
        File.Move(temporary, path, overwrite: true);
        Durable.FlushFolder(Path.GetDirectoryName(path)!);
    }
}
