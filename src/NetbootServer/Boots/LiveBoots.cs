using System.Collections.Concurrent;

namespace NetbootServer.Boots;

/// <summary>A transfer for a boot that this server is sending, or has just sent.</summary>
/// <param name="ticket">The boot.</param>
/// <param name="step">kernel, initrd or overlay.</param>
/// <param name="totalBytes">Length of the whole file.</param>
/// <param name="startedAt">When it began.</param>
internal sealed class LiveTransfer(BootTicket ticket, string step, long totalBytes, DateTimeOffset startedAt)
{
    private long _bytes;

    public BootTicket Ticket { get; } = ticket;
    public string Step { get; } = step;
    public long TotalBytes { get; } = totalBytes;
    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>Bytes taken so far; written by the sender alone.</summary>
    public long Bytes
    {
        get => Volatile.Read(ref _bytes);
        set => Volatile.Write(ref _bytes, value);
    }

    /// <summary>What the watch saw at its last look, and since when it has not moved; touched by the watch alone.</summary>
    public (long Bytes, DateTimeOffset Since, bool Stalled) Seen { get; set; } = (0, startedAt, false);
}

/// <summary>The transfers under way on this server. Nothing here is waited for or locked while bytes are sent.</summary>
internal sealed class LiveBoots(BootLog log, BootTokens tokens, TimeProvider time)
{
    private readonly ConcurrentDictionary<LiveTransfer, byte> _transfers = new();

    /// <summary>The transfers under way.</summary>
    public ICollection<LiveTransfer> Transfers => _transfers.Keys;

    /// <summary>Begins to follow a transfer; null when the token is no boot's, or the file is no step of one.</summary>
    /// <param name="token">The boot's token.</param>
    /// <param name="file">The file's name in the URL.</param>
    /// <param name="totalBytes">Length of the whole file.</param>
    public LiveTransfer? Begin(string token, string file, long totalBytes)
    {
        if (file is not (Steps.Kernel or Steps.Initrd or Steps.Overlay)) return null;
        if (tokens.Verify(token) is not { } ticket) return null;
        var now = time.GetUtcNow();
        var transfer = new LiveTransfer(ticket, file, totalBytes, now);
        _transfers[transfer] = 0;
        log.Add(new BootStep(now, ticket, file, FactKinds.Began, TotalBytes: totalBytes));
        return transfer;
    }

    /// <summary>Ends a transfer, complete or not.</summary>
    public void End(LiveTransfer transfer)
    {
        if (!_transfers.TryRemove(transfer, out _)) return;
        log.Add(new BootStep(time.GetUtcNow(), transfer.Ticket, transfer.Step, FactKinds.Ended,
            transfer.Bytes, transfer.TotalBytes));
    }
}
