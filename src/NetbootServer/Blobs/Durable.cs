using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NetbootServer.Blobs;

/// <summary>What .NET has no call for: flushing a folder, without which a rename may be lost in a power cut.</summary>
internal static partial class Durable
{
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
}
