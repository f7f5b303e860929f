using System.Net.Sockets;

namespace NetbootServer.Hosting;

/// <summary>What Linux knows of a TCP connection: <c>TCP_INFO</c> (tcp(7)).</summary>
internal static class TcpInfo
{
    private const int TcpLevel = 6; // IPPROTO_TCP
    private const int Option = 11; // TCP_INFO

    /// <summary>Reads the beginning of <c>struct tcp_info</c>.</summary>
    /// <returns>False when the connection is none of TCP, is closed, or the kernel knows less.</returns>
    public static bool TryRead(Socket socket, Span<byte> info)
    {
        try
        {
            return socket.ProtocolType == ProtocolType.Tcp
                && socket.GetRawSocketOption(TcpLevel, Option, info) == info.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
