using NetbootServer.Hosting;
using NetbootServer.Storage;

namespace NetbootServer.Operations.Backups;

/// <summary>
/// <c>NetbootServer restore DIR</c>: fills an empty data directory from a backup and verifies every file on the way.
/// The database comes last: what an interrupted restore leaves is no data directory yet.
/// </summary>
internal static class Restore
{
    public static async Task RunAsync(string[] args)
    {
        var (source, options) = Arguments.Read("restore", args);
        var data = Path.GetFullPath(options.DataDirectory);
        var manifest = BackupManifest.Read(source);
        Arguments.RefuseFull("DataDirectory", data,
            "a backup is restored to a new or empty folder only, nothing is ever overwritten");
        try
        {
            PrivateFiles.Make(data);
            foreach (var blob in manifest.Blobs) await TakeAsync(source, data, blob, link: true);
            CopiedFile.FlushFolders(data); // before the database, which says that they are there
            foreach (var file in manifest.Files.Reverse()) await TakeAsync(source, data, file, link: false);
            CopiedFile.FlushFolders(data);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure("restore", source,
                $"failed: {e.Message.TrimEnd('.')}. Empty {data} before the next try");
        }
        await Console.Out.WriteLineAsync(
            $"Restored {data} from the backup of {manifest.CreatedAt:u}: {manifest.Blobs.Count} blobs. " +
            "Start the server on it.");
    }

    private static async Task TakeAsync(string source, string data, BackedUpFile file, bool link)
    {
        var from = Inside(source, file.Path);
        var to = Inside(data, file.Path);
        var (length, sha256) = link
            ? await CopiedFile.LinkAsync(from, to, CancellationToken.None)
            : await CopiedFile.CopyAsync(from, to, CancellationToken.None);
        if (length == file.SizeBytes && sha256 == file.Sha256) return;
        File.Delete(to);
        throw new StartFailure("restore", source,
            $"is damaged: {file.Path} is not what it was when the backup was made. " +
            $"Take another backup, and empty {data} before the next try");
    }

    private static string Inside(string folder, string path)
    {
        var full = Path.GetFullPath(Path.Combine(folder, path));
        return full.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full : throw new StartFailure("restore", folder, $"names a file outside of itself: {path}");
    }
}
