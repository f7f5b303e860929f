using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NetbootServer.Storage;

namespace NetbootServer.Operations.Backups;

/// <summary>Brings files from one folder to another and says what they are.</summary>
internal static partial class CopiedFile
{
    private const int BufferLength = 1 << 20;

    /// <summary>
    /// Brings a file that never changes: by a second name for the same bytes where the file system has that, else by
    /// copying. Its bytes are read through either way.
    /// </summary>
    /// <returns>Its length and digest.</returns>
    /// <exception cref="FileNotFoundException">It is gone.</exception>
    public static async Task<(long Length, string Sha256)> LinkAsync(string from, string to, CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        if (OperatingSystem.IsWindows() || link(from, to) != 0) return await CopyAsync(from, to, ct);
        await using var file = Open(to);
        return await ReadAsync(file, null, ct);
    }

    /// <summary>Copies a file to the disk, as secret as it was.</summary>
    /// <returns>Its length and digest.</returns>
    /// <exception cref="IOException">There is one already, or the disk is full.</exception>
    public static async Task<(long Length, string Sha256)> CopyAsync(string from, string to, CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        await using var source = Open(from);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var target = new FileStream(to, options);
        var read = await ReadAsync(source, target, ct);
        target.Flush(flushToDisk: true);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(target.SafeFileHandle,
            File.GetUnixFileMode(source.SafeFileHandle));
        return read;
    }

    /// <summary>
    /// Makes a folder, its subfolders and their place in the folder above survive a power cut: a flushed file is lost
    /// when the folder that names it was not flushed (fsync(2)).
    /// </summary>
    public static void FlushFolders(string folder)
    {
        foreach (var below in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories))
            Durable.FlushFolder(below);
        Durable.FlushFolder(folder);
        if (Path.GetDirectoryName(folder) is { Length: > 0 } above) Durable.FlushFolder(above);
    }

    private static async Task<(long, string)> ReadAsync(Stream source, Stream? target, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferLength];
        long length = 0;
        for (int read; (read = await source.ReadAsync(buffer, ct)) > 0; length += read)
        {
            hash.AppendData(buffer.AsSpan(0, read));
            if (target is not null) await target.WriteAsync(buffer.AsMemory(0, read), ct);
        }
        return (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1,
            FileOptions.SequentialScan);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int link(string existing, string another);
}
