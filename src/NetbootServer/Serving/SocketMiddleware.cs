using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetbootServer.Serving;

/// <summary>Connection middleware that works on the connection's own socket.</summary>
internal static class SocketMiddleware
{
    /// <summary>
    /// Runs a middleware for a listener's connections that have a socket; others, and all on systems other than Linux,
    /// pass by it.
    /// </summary>
    public static void UseOnSockets(
        this ListenOptions listen, Func<ConnectionContext, Socket, ConnectionDelegate, Task> middleware)
    {
        ArgumentNullException.ThrowIfNull(listen);
        if (!OperatingSystem.IsLinux()) return;
        listen.Use(next => connection => connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket
            ? middleware(connection, socket, next) : next(connection));
    }
}

/// <summary>A connection's transport of which one side or both are replaced.</summary>
internal sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
