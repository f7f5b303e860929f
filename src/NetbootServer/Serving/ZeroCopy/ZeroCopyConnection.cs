using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Win32.SafeHandles;

namespace NetbootServer.Serving.ZeroCopy;

/// <summary>
/// A connection that can send files without copying them through this process; a feature of the requests on it. All
/// that the rest of the program sees of zero-copy.
/// </summary>
/// <remarks>
/// <para>
/// A connection middleware takes the place of the transport's output, so that every byte of the connection passes
/// <see cref="SocketOutput"/>. A body then goes: response headers into our buffer (<c>StartAsync</c> does not flush);
/// headers and file to the socket; and <c>BodyWriter.Advance</c> without a write, so that Kestrel counts the bytes of
/// Content-Length as if it had sent them, and keep-alive, pipelining, timeouts and a graceful stop go on as ever.
/// </para>
/// <para>
/// Relied on, and held by a test that fails when a new version changes it: the socket is in
/// <c>IConnectionSocketFeature</c>; <c>ConnectionContext.Transport</c> may be replaced by a middleware;
/// <c>StartAsync</c> leaves the header bytes in the output; in a response with Content-Length over HTTP/1.x
/// <c>BodyWriter.GetMemory</c> and <c>Advance</c> pass straight through to the output, and <c>Advance</c> may go
/// beyond the memory that was handed out. When GetMemory does not reach our output (TLS, HTTP/2, a wrapped body,
/// another server) nothing has been sent and the caller copies instead.
/// </para>
/// </remarks>
public sealed class ZeroCopyConnection
{
    private readonly SocketOutput _output;
    private readonly FileSending _files;
    private PipeWriter? _body;
    private bool _corked;

    private ZeroCopyConnection(SocketOutput output) => (_output, _files) = (output, new FileSending(output));

    /// <summary>Offers zero-copy on a listener's connections; on systems other than Linux nothing changes.</summary>
    public static void UseOn(ListenOptions listen) => listen.UseOnSockets(RunAsync);

    private static async Task RunAsync(ConnectionContext connection, Socket socket, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        using var output = new SocketOutput(socket);
        connection.Transport = new DuplexPipe(transport.Input, output);
        connection.Features.Set(new ZeroCopyConnection(output));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <summary>
    /// Takes over the body of a response whose headers have been started. False when this response cannot go this way;
    /// then nothing has been sent. After true, <see cref="End"/> must follow.
    /// </summary>
    /// <param name="http">A request on this connection; its response has a Content-Length.</param>
    /// <param name="smallPieces">Many short sends are to come: let only full packets leave.</param>
    internal bool TryBegin(HttpContext http, bool smallPieces)
    {
        var plain = HttpProtocol.IsHttp11(http.Request.Protocol) || HttpProtocol.IsHttp10(http.Request.Protocol);
        var body = http.Response.BodyWriter;
        if (!plain || http.Response.ContentLength is null || !IsReady() || !_output.TryArm(body)) return false;
        _body = body;
        if (smallPieces) Cork(on: true);
        return true;
    }

    private bool IsReady()
    {
        try
        {
            return Libc.IsNonBlocking(_output.Socket.SafeHandle);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private void Cork(bool on)
    {
        if (_output.Socket.ProtocolType != ProtocolType.Tcp) return;
        _files.Cork(on);
        _corked = on;
    }

    /// <summary>
    /// Sends at least one and at most <paramref name="count"/> bytes of a file, after all bytes before them.
    /// </summary>
    /// <returns>How many the socket has accepted.</returns>
    internal ValueTask<int> SendAsync(SafeFileHandle file, long offset, int count)
    {
        var sending = _files.SendAsync(file, offset, count);
        if (!sending.IsCompletedSuccessfully) return CountAsync(sending);
        var sent = sending.Result;
        _body!.Advance(sent);
        return new(sent);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> CountAsync(ValueTask<int> sending)
    {
        var sent = await sending;
        _body!.Advance(sent);
        return sent;
    }

    /// <summary>Puts a few bytes in order; they leave with the next file or at <see cref="FlushAsync"/>.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        _output.Append(bytes);
        _body!.Advance(bytes.Length);
    }

    /// <summary>Hands everything appended to the socket.</summary>
    internal ValueTask FlushAsync() => _files.FlushAsync();

    /// <summary>Gives the body back to Kestrel.</summary>
    internal void End()
    {
        _output.Disarm();
        _body = null;
        try
        {
            if (_corked) Cork(on: false);
        }
        catch (Exception e) when (SocketOutput.IsConnectionLost(e))
        {
            _corked = false;
        }
    }
}
