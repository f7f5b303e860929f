using System.Net;
using System.Net.Sockets;

namespace NetbootServer.TestKit;

/// <summary>
/// A loopback port for a server that must come back on it: one that the kernel assigns to no program by itself, neither
/// to a connection nor to a listener that takes any port, so that no other program has it before the server starts or
/// while it is away.
/// </summary>
public static class Ports
{
    /// <summary>
    /// Above what browsers refuse to talk to, below what the kernel gives away (net.ipv4.ip_local_port_range).
    /// </summary>
    private const int First = 12_000, Count = 20_000;

    /// <summary>Test runs side by side begin at different ones; no port is given out twice in one.</summary>
    private static int _last = Random.Shared.Next(Count);

    /// <summary>A port that is free now.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
