using System.Net;
using System.Net.Sockets;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>A loopback port that nobody listened on a moment ago, for a server that must come back on it.</summary>
public static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
