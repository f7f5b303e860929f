using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetbootServer.Benchmarks.Files;

/// <summary>Says which of many sockets have something to read; epoll(7), level-triggered.</summary>
/// <param name="most">How many there will be.</param>
internal sealed partial class Epoll(int most) : IDisposable
{
    private const int AddSocket = 1, Readable = 1, WaitMilliseconds = 50; // EPOLL_CTL_ADD, EPOLLIN

    // struct epoll_event has no padding on x86-64 and has some elsewhere: epoll_ctl(2), linux/eventpoll.h.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventLength = IsPacked ? 12 : 16, DataOffset = IsPacked ? 4 : 8;

    private readonly int _handle = Checked(epoll_create1(0));
    private readonly byte[] _events = new byte[most * EventLength];

    /// <summary>Looks after one more.</summary>
    public void Add(SafeSocketHandle socket, int index)
    {
        var entry = new byte[EventLength];
        BitConverter.TryWriteBytes(entry, Readable);
        BitConverter.TryWriteBytes(entry.AsSpan(DataOffset), index);
        Checked(epoll_ctl(_handle, AddSocket, socket, entry));
    }

    /// <summary>Waits for the next, a moment at most.</summary>
    /// <returns>The indexes of those that have something.</returns>
    public IEnumerable<int> Wait()
    {
        var count = epoll_wait(_handle, _events, most, WaitMilliseconds);
        for (var i = 0; i < count; i++) yield return BitConverter.ToInt32(_events, i * EventLength + DataOffset);
    }

    private static int Checked(int result) =>
        result >= 0 ? result : throw new IOException($"epoll: error {Marshal.GetLastPInvokeError()}");

    public void Dispose() => _ = close(_handle);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, SafeHandle socket, byte[] entry);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, [Out] byte[] events, int most, int milliseconds);

    [LibraryImport("libc")]
    private static partial int close(int handle);
}
