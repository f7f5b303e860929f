using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Storage;

/// <summary>
/// What .NET has no call for: flushing a folder, without which a rename may be lost in a power cut; and letting the
/// disk begin with what was written, so that the flush at the end has little left to wait for.
/// </summary>
internal static partial class Durable
{
    /// <summary>Bytes after which <see cref="BeginWriting"/> is worth its call.</summary>
    public const long Stride = 8 << 20;

    private const uint BeginWritingOnly = 2; // SYNC_FILE_RANGE_WRITE
    private const int OpenReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC, the same on x86, Arm and RISC-V

    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsLinux()) return; // NTFS journals renames; elsewhere blobs are for development
        var folder = open(path, OpenReadOnlyCloseOnExec);
        if (folder < 0) throw Failure(path);
        try
        {
            if (fsync(folder) != 0) throw Failure(path);
        }
        finally
        {
            _ = close(folder);
        }
    }

    /// <summary>
    /// Lets the disk begin with bytes that were written. Only a hint: it waits for nothing and cannot fail.
    /// </summary>
    public static void BeginWriting(SafeFileHandle file, long offset, long count)
    {
        if (OperatingSystem.IsLinux()) _ = sync_file_range(file, offset, count, BeginWritingOnly);
    }

    private static IOException Failure(string path) =>
        new($"The folder {path} cannot be flushed: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long count, uint flags);
}
