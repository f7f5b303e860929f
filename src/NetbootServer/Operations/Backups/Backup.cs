using NetbootServer.Hosting;

namespace NetbootServer.Operations.Backups;

/// <summary>
/// <c>NetbootServer backup DIR</c>: copies the data directory of a server, which may be running, to a new folder:
/// the database as of one moment, all blobs that it names, keys and the like, and a manifest. Blobs take no room where
/// hard links can be made; each is read through, so that a rotten one is noticed now.
/// </summary>
internal static class Backup
{
    private const int DatabaseCopies = 5;

    /// <summary>What is not worth keeping, or is copied in another way.</summary>
    private static readonly string[] Skipped = ["netboot.db", "netboot.db-wal", "netboot.db-shm", "server.lock"];

    public static async Task RunAsync(string[] args)
    {
        var (target, options) = Arguments.Read("backup", args);
        var data = Path.GetFullPath(options.DataDirectory);
        if (!File.Exists(Path.Combine(data, "netboot.db")))
            throw new StartFailure("DataDirectory", data, "has no database netboot.db: there is nothing to back up");
        Arguments.RefuseFull("backup", target, "backups go to a new or empty folder");
        try
        {
            var manifest = await RunAsync(data, target, CancellationToken.None);
            var bytes = manifest.Blobs.Sum(blob => blob.SizeBytes) + manifest.Files.Sum(file => file.SizeBytes);
            await Console.Out.WriteLineAsync(
                $"Backed up {data} to {target}: {manifest.Blobs.Count} blobs, {bytes} bytes in all.");
            if (manifest.MissingBlobs.Count > 0)
                throw new StartFailure("backup", target,
                    $"is complete but for {manifest.MissingBlobs.Count} blobs that are missing or rotten " +
                    $"in the data directory, such as {manifest.MissingBlobs[0]}: fetch or upload their versions again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure("backup", target, $"failed: {e.Message.TrimEnd('.')}");
        }
    }

    private static async Task<BackupManifest> RunAsync(string data, string target, CancellationToken ct)
    {
        Directory.CreateDirectory(target);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(target,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); // keys lie there
        var blobs = new Dictionary<string, BackedUpFile>(StringComparer.Ordinal);
        // Most blobs first, from the live database; after its copy is made only those few that came meanwhile are left.
        await AddBlobsAsync(DatabaseCopy.Blobs(Path.Combine(data, "netboot.db")), data, target, blobs, ct);
        var database = Path.Combine(target, "netboot.db");
        var named = await CopyDatabaseAsync(data, database, target, blobs, ct);
        var (length, digest) = await FlushedAsync(database, ct);
        var files = new List<BackedUpFile> { new("netboot.db", length, digest) };
        foreach (var path in Directory.EnumerateFiles(data).Where(path => !Skipped.Contains(Path.GetFileName(path)))
            .Order(StringComparer.Ordinal))
        {
            try
            {
                var copied = await CopiedFile.CopyAsync(path, Path.Combine(target, Path.GetFileName(path)), ct);
                files.Add(new(Path.GetFileName(path), copied.Length, copied.Sha256));
            }
            catch (FileNotFoundException)
            {
                // The running server removed it meanwhile, such as the first password at the first log-in.
            }
        }
        var manifest = new BackupManifest
        {
            CreatedAt = DateTimeOffset.UtcNow,
            Files = files,
            Blobs = [.. named.Select(blob => blobs.GetValueOrDefault(blob.Sha256)).OfType<BackedUpFile>()],
            MissingBlobs = [.. named.Where(blob => blob.InService && !blobs.ContainsKey(blob.Sha256))
                .Select(blob => blob.Sha256)],
        };
        CopiedFile.FlushFolders(target); // before the manifest, which says that all is there
        manifest.Write(target);
        return manifest;
    }

    /// <summary>
    /// Copies the database and adds the blobs that it names. One that the running server removes between the copy and
    /// its link makes the copy outdated: then it is made anew, a few times.
    /// </summary>
    private static async Task<IReadOnlyList<(string Sha256, bool InService)>> CopyDatabaseAsync(string data,
        string database, string target, Dictionary<string, BackedUpFile> blobs, CancellationToken ct)
    {
        for (var left = DatabaseCopies; ; left--)
        {
            File.Delete(database);
            DatabaseCopy.Make(Path.Combine(data, "netboot.db"), database);
            var named = DatabaseCopy.Blobs(database);
            var missing = await AddBlobsAsync(named, data, target, blobs, ct);
            if (missing.Count == 0 || left == 1) return named;
            missing.ExceptWith(DatabaseCopy.Blobs(Path.Combine(data, "netboot.db")).Select(blob => blob.Sha256));
            if (missing.Count == 0) return named; // the server misses them, too
        }
    }

    /// <summary>Brings the blobs that are not here yet.</summary>
    /// <returns>Those in service that have no file.</returns>
    private static async Task<HashSet<string>> AddBlobsAsync(IEnumerable<(string Sha256, bool InService)> wanted,
        string data,
        string target, Dictionary<string, BackedUpFile> blobs, CancellationToken ct)
    {
        var missing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (sha256, inService) in wanted)
        {
            if (blobs.ContainsKey(sha256)) continue;
            var path = $"blobs/{sha256[..2]}/{sha256}";
            var to = Path.Combine(target, path);
            try
            {
                var (length, found) = await CopiedFile.LinkAsync(Path.Combine(data, path), to, ct);
                if (found == sha256) blobs[sha256] = new(path, length, sha256);
                else File.Delete(to); // rotten: the manifest says that it is missing
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                if (inService) missing.Add(sha256); // removed since it was listed, or lost
            }
        }
        return missing;
    }

    private static async Task<(long, string)> FlushedAsync(string database, CancellationToken ct)
    {
        await using var file = new FileStream(database, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
        return (file.Length,
            Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(file, ct)));
    }
}

/// <summary>The arguments of both commands: a folder, then settings as the server takes them.</summary>
internal static class Arguments
{
    /// <exception cref="StartFailure">The folder is missing.</exception>
    public static (string Folder, ServerOptions Options) Read(string command, string[] args)
    {
        if (args is not [{ Length: > 0 } folder, .. var rest] || folder.StartsWith("--", StringComparison.Ordinal))
            throw new StartFailure("command", command,
                $"needs a folder; for example NetbootServer {command} /backups/today");
        var settings = Settings.Read(rest);
        return (Path.GetFullPath(folder), settings.Get<ServerOptions>() ?? new());
    }

    /// <exception cref="StartFailure">The folder has something in it.</exception>
    public static void RefuseFull(string setting, string folder, string advice)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new StartFailure(setting, folder, $"is not empty: {advice}");
    }
}
