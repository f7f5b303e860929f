using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Inventory.Files;

/// <summary>Opens files and nothing else: the opening of a pipe could wait for ever.</summary>
internal static partial class RegularFile
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000; // of Linux, on x86, ARM and RISC-V

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It cannot be opened, or is no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static FileStream Open(string path)
    {
        if (!OperatingSystem.IsLinux()) return File.OpenRead(path);
        if (Directory.Exists(path)) throw new IOException("it is a directory");
        var descriptor = Open(path, NonBlocking | CloseOnExec);
        if (descriptor < 0)
            throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read);
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new IOException("it is a pipe or a device, and no regular file");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
