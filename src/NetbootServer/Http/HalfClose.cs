using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetbootServer.Http;

/// <summary>
/// Answers clients that close their sending side right after the request, as <c>nc -N</c> and simple firmware do
/// (RFC 9293 §3.6: the other direction stays open). Kestrel takes the FIN for the end of the connection and aborts the
/// request; here it counts as that only after <see cref="Grace"/>, in which scripts and other small answers leave. A
/// client that has closed altogether answers the first bytes with a reset, which ends the request at once.
/// </summary>
internal static class HalfClose
{
    /// <summary>How long an answer may take after the client has closed its sending side.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private const byte CloseWait = 8; // TCP_CLOSE_WAIT: the peer has sent its FIN, we have not

    /// <summary>Applies this to a listener's connections; on systems other than Linux nothing changes.</summary>
    public static void UseOn(ListenOptions listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        if (OperatingSystem.IsLinux()) listen.Use(next => connection => RunAsync(connection, next));
    }

    private static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            await next(connection);
            return;
        }
        var ofTransport = connection.ConnectionClosed;
        using var closed = new CancellationTokenSource();
        connection.ConnectionClosed = closed.Token;
        try
        {
            await using var registration = ofTransport.UnsafeRegister(_ =>
            {
                if (IsHalfClosed(socket)) closed.CancelAfter(Grace);
                else closed.Cancel();
            }, null);
            await next(connection);
        }
        finally
        {
            connection.ConnectionClosed = ofTransport;
        }
    }

    private static bool IsHalfClosed(Socket socket)
    {
        Span<byte> state = stackalloc byte[1]; // what struct tcp_info begins with
        return TcpInfo.TryRead(socket, state) && state[0] == CloseWait;
    }
}
