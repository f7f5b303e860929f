namespace NetbootServer.Http.Bodies;

/// <summary>Sends the pieces of a body one after another, whatever way they leave by.</summary>
internal static class BodySender
{
    private const int BufferLength = 256 << 10;

    /// <summary>
    /// Sends a range of <paramref name="body"/>. When it cannot be completed the connection is cut, so that the client
    /// sees it, and nothing is thrown.
    /// </summary>
    public static async Task SendAsync(
        HttpContext http, ServableBody body, long offset, long length, TransferMeter? meter)
    {
        var complete = false;
        try
        {
            await http.Response.StartAsync(http.RequestAborted);
            foreach (var segment in body.Slice(offset, length))
            {
                if (!await SendAsync(http, segment, meter)) return;
            }
            complete = true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
        }
        finally
        {
            if (!complete) http.Abort();
            meter?.Ended(complete);
        }
    }

    private static async Task<bool> SendAsync(HttpContext http, BodySegment segment, TransferMeter? meter)
    {
        var writer = http.Response.BodyWriter;
        if (segment.File is null)
        {
            await writer.WriteAsync(segment.Bytes, CancellationToken.None);
            meter?.Accepted(segment.Length);
            return true;
        }
        if (segment.File.Acquire() is not { } file) return false;
        try
        {
            for (long sent = 0; sent < segment.Length;)
            {
                var count = (int)Math.Min(BufferLength, segment.Length - sent);
                var memory = writer.GetMemory(count)[..count];
                var read = RandomAccess.Read(file.Handle, memory.Span, segment.Offset + sent);
                if (read == 0 || file.Revoked) return false;
                writer.Advance(read);
                var result = await writer.FlushAsync(CancellationToken.None); // ends by itself when the client is gone
                sent += read;
                meter?.Accepted(read);
                if (result.IsCompleted && sent < segment.Length) return false;
            }
            return true;
        }
        finally
        {
            file.Release();
        }
    }
}
