using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using NetbootServer.Hosting;

namespace NetbootServer.Serving.Bodies;

/// <summary>
/// What a client has really taken. The kernel's send buffer grows to megabytes, and a full one takes new bytes only
/// when a third of it is empty: of a slow client nothing is seen to move for minutes though it reads all the time.
/// </summary>
internal static class AcknowledgedBytes
{
    private const int BytesAcked = 120; // offset of tcpi_bytes_acked in struct tcp_info, Linux 4.1

    /// <summary>The socket whose acknowledgements count for this answer alone; null when there is none.</summary>
    public static Socket? SocketOf(HttpContext http) =>
        OperatingSystem.IsLinux()
            && (HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol))
            ? http.Features.Get<IConnectionSocketFeature>()?.Socket : null;

    /// <summary>How many bytes the client's system has acknowledged on this connection; null when unknown.</summary>
    public static long? On(Socket? socket)
    {
        if (socket is null) return null;
        Span<byte> info = stackalloc byte[BytesAcked + sizeof(long)];
        return TcpInfo.TryRead(socket, info) ? BinaryPrimitives.ReadInt64LittleEndian(info[BytesAcked..]) : null;
    }
}
