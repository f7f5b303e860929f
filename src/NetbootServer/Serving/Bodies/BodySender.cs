using System.Net.Sockets;
using NetbootServer.Hosting;

namespace NetbootServer.Serving.Bodies;

/// <summary>Sends the pieces of a body one after another, whatever way they leave by.</summary>
internal sealed partial class BodySender(TransferWatch watch, Pacing pacing, ILogger<BodySender> logger)
{
    // A client as fast as the sender would keep its thread for the whole file: others get their turn after this much.
    private const long Turn = 4 << 20;

    // Only among pieces shorter than this are packets held back until they are full: longer ones it slows.
    private const long SmallPiece = 64 << 10;

    private long _zeroCopied;
    private long _copied;

    /// <summary>Bytes of bodies that went the zero-copy way.</summary>
    public long ZeroCopiedBytes => Volatile.Read(ref _zeroCopied);

    /// <summary>Bytes of bodies that were copied.</summary>
    public long CopiedBytes => Volatile.Read(ref _copied);

    /// <summary>
    /// Sends a range of <paramref name="body"/>. When it cannot be completed the connection is cut, so that the client
    /// sees it, and nothing is thrown.
    /// </summary>
    public async Task SendAsync(HttpContext http, ServableBody body, long offset, long length, TransferMeter? meter)
    {
        var transfer = new Transfer(http, meter, pacing.Begin(http, meter?.Machine));
        watch.Add(transfer);
        var zeroCopy = false;
        try
        {
            await http.Response.StartAsync(CancellationToken.None);
            var segments = body.Slice(offset, length);
            var small = segments.Count > 1 && length / segments.Count < SmallPiece;
            using var wire = FileBodyWriter.Over(http, smallPieces: small);
            zeroCopy = wire.IsZeroCopy;
            await SendAsync(segments, wire, transfer);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException
            or OperationCanceledException)
        {
            Log.Broken(logger, transfer.Sent, length, e.Message);
        }
        finally
        {
            watch.Remove(transfer);
            if (transfer.Sent < length) http.NoteSent(transfer.Sent);
            transfer.End(complete: transfer.Sent == length);
            Interlocked.Add(ref zeroCopy ? ref _zeroCopied : ref _copied, transfer.Sent);
        }
    }

    private static async Task SendAsync(IReadOnlyList<BodySegment> segments, FileBodyWriter wire, Transfer transfer)
    {
        long turn = 0;
        var written = 0;
        FileSource? source = null;
        SharedFile? file = null; // stays open while pieces of the same one follow
        try
        {
            foreach (var segment in segments)
            {
                if (segment.File is null)
                {
                    await wire.WriteAsync(segment.Bytes);
                    written += segment.Bytes.Length;
                    continue;
                }
                if (segment.File != source || file is null)
                {
                    file?.Release();
                    file = null;
                    file = segment.File.Acquire() ?? throw new IOException("The bytes of a blob went away.");
                    source = segment.File;
                }
                for (long sent = 0; sent < segment.Length;)
                {
                    if (file.Revoked) throw new IOException("The blob was taken out of service.");
                    var next = segment.Length - sent;
                    if (transfer.IsPaced) next = await transfer.NextAsync(next);
                    var sending = wire.SendAsync(file.Handle, segment.Offset + sent, next);
                    var waited = !sending.IsCompleted;
                    var accepted = await sending;
                    sent += accepted;
                    transfer.Accepted(accepted + written, notSent: next - accepted);
                    written = 0;
                    turn = waited ? 0 : turn + accepted;
                    if (turn < Turn) continue;
                    turn = 0;
                    if (ThreadPool.PendingWorkItemCount > 0) await Task.Yield();
                }
            }
        }
        finally
        {
            file?.Release();
        }
        await wire.FlushAsync();
        if (written > 0) transfer.Accepted(written, notSent: 0);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "A transfer ended after {Bytes} of {Length} bytes: {Reason}")]
        public static partial void Broken(ILogger logger, long bytes, long length, string reason);
    }
}
