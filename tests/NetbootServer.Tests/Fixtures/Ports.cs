using System.Net;
using System.Net.Sockets;

namespace NetbootServer.Tests.Fixtures;

/// <summary>
/// Ports for those who must know theirs before they listen. They lie below the range from which Linux takes a port for
/// whoever names none, so that no other test gets one of them in between, and none is given out twice.
/// </summary>
internal static class Ports
{
    private const int First = 20_000, Count = 12_000;

    /// <summary>Another process of tests begins elsewhere.</summary>
    private static int _last = Environment.ProcessId * 97 % Count;

    /// <summary>A port of the loopback that nobody has.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
