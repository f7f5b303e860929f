using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NetbootServer.Hosting;

namespace NetbootServer.Serving;

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
    public static void UseOn(ListenOptions listen) => listen.UseOnSockets(RunAsync);

    private static async Task RunAsync(ConnectionContext connection, Socket socket, ConnectionDelegate next)
    {
        var ofTransport = connection.ConnectionClosed;
        using var closed = new CancellationTokenSource();
        connection.ConnectionClosed = closed.Token;
        var transport = connection.Transport;
        connection.Transport = new DuplexPipe(new LateEnd(transport.Input), transport.Output);
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
            (connection.ConnectionClosed, connection.Transport) = (ofTransport, transport);
        }
    }

    private static bool IsHalfClosed(Socket socket)
    {
        Span<byte> state = stackalloc byte[1]; // what struct tcp_info begins with
        return TcpInfo.TryRead(socket, state) && state[0] == CloseWait;
    }

    /// <summary>
    /// Reports the end only after the bytes before it have been read. Kestrel drops the connection as soon as it
    /// sees the end while it reads a body, though the whole body came with it.
    /// </summary>
    private sealed class LateEnd(PipeReader input) : PipeReader
    {
        private ReadOnlySequence<byte> _read;
        private bool _held;
        private bool _seenAll;

        public override bool TryRead(out ReadResult result)
        {
            if (!input.TryRead(out result)) return false;
            result = Hold(result);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var reading = input.ReadAsync(cancellationToken);
            return reading.IsCompletedSuccessfully ? new(Hold(reading.Result)) : HoldAsync(reading);
        }

        private async ValueTask<ReadResult> HoldAsync(ValueTask<ReadResult> reading) => Hold(await reading);

        private ReadResult Hold(ReadResult result)
        {
            _read = result.Buffer;
            if (!result.IsCompleted || result.Buffer.IsEmpty || (_held && _seenAll)) return result;
            _held = true;
            return new(result.Buffer, result.IsCanceled, isCompleted: false);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _seenAll = _read.Slice(examined).IsEmpty;
            _read = default;
            input.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => input.CancelPendingRead();

        public override void Complete(Exception? exception = null) => input.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => input.CompleteAsync(exception);
    }
}
