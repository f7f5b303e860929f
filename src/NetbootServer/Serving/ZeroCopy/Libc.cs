using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Serving.ZeroCopy;

/// <summary>The calls of Linux that .NET does not offer: they never wait, and say so instead.</summary>
internal static partial class Libc
{
    /// <summary>errno EINTR.</summary>
    public const int Interrupted = 4;

    /// <summary>errno EAGAIN: the socket takes nothing at the moment.</summary>
    public const int WouldBlock = 11;

    /// <summary>errno EINVAL: among others, a file system that cannot splice.</summary>
    public const int InvalidArgument = 22;

    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int DontWait = 0x40; // MSG_DONTWAIT
    private const int More = 0x8000; // MSG_MORE: the packet goes out with what follows
    private const int GetFlags = 3; // F_GETFL
    private const int NonBlockingFlag = 0x800; // O_NONBLOCK on x86, Arm and RISC-V

    /// <summary>Copies from the page cache to the socket inside the kernel.</summary>
    /// <returns>Bytes accepted, 0 at the end of the file, or the negative errno.</returns>
    public static long SendFile(SafeSocketHandle socket, SafeFileHandle file, long offset, long count)
    {
        while (true)
        {
            long sent = sendfile(socket, file, ref offset, (nint)count);
            if (sent >= 0) return sent;
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) return -error;
        }
    }

    /// <summary>Hands bytes to the socket; they wait there for what follows.</summary>
    /// <returns>Bytes accepted, or the negative errno.</returns>
    public static int SendMore(SafeSocketHandle socket, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var sent = (int)send(socket, bytes, bytes.Length, NoSignal | DontWait | More);
            if (sent >= 0) return sent;
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) return -error;
        }
    }

    /// <summary>
    /// Calls on the socket return at once instead of waiting; .NET makes sockets so at their first async use.
    /// </summary>
    public static bool IsNonBlocking(SafeSocketHandle socket) => (fcntl(socket, GetFlags, 0) & NonBlockingFlag) != 0;

    // off_t is 64 bits wide wherever .NET runs 64-bit, with glibc and with musl.
    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint sendfile(SafeHandle output, SafeHandle input, ref long offset, nint count);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint send(SafeHandle socket, ReadOnlySpan<byte> bytes, nint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fcntl(SafeHandle file, int command, nint argument);
}
