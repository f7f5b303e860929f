using System.Collections.Concurrent;
using NetbootServer.Blobs;
using NetbootServer.Http;
using NetbootServer.Http.Bodies;

namespace NetbootServer.Boots;

/// <summary>
/// The transfers of boots that this server sends, or has sent a moment ago. Nothing here is waited for or locked while
/// bytes leave.
/// </summary>
internal sealed class LiveBoots(BootLog log, BootTokens tokens, TimeProvider time)
{
    private readonly ConcurrentDictionary<LiveTransfer, byte> _transfers = new();

    /// <summary>How long an ended transfer stays: until its end is surely written down.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    /// <summary>The transfers.</summary>
    public ICollection<LiveTransfer> Transfers => _transfers.Keys;

    /// <summary>Begins to follow a transfer (a <see cref="TransferStarting"/>); null when it belongs to no boot's step.</summary>
    public TransferMeter? Begin(HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length)
    {
        if (file is not (Steps.Kernel or Steps.Initrd or Steps.Overlay)) return null;
        if (tokens.Verify(boot) is not { } ticket) return null;
        http.NoteBoot(ticket.Boot);
        var now = tokens.NowOf(ticket);
        var transfer = new LiveTransfer(this, ticket, file, offset, length, now);
        _transfers[transfer] = 0;
        log.Add(new BootStep(now, ticket, file, FactKinds.Began, TotalBytes: transfer.TotalBytes));
        return transfer;
    }

    /// <summary>Ends a transfer.</summary>
    public void End(LiveTransfer transfer)
    {
        transfer.EndedAt = time.GetUtcNow();
        log.Add(new BootStep(transfer.EndedAt.Value, transfer.Ticket, transfer.Step, FactKinds.Ended,
            transfer.Bytes, transfer.TotalBytes) { SentBytes = transfer.BytesSent });
    }

    /// <summary>Lets go of transfers that ended a while ago.</summary>
    public void Forget()
    {
        var before = time.GetUtcNow() - Linger;
        foreach (var transfer in _transfers.Keys)
            if (transfer.EndedAt < before) _transfers.TryRemove(transfer, out _);
    }
}

/// <summary>A transfer for a boot.</summary>
/// <param name="owner">Told of its end.</param>
/// <param name="ticket">The boot.</param>
/// <param name="step">kernel, initrd or overlay.</param>
/// <param name="offset">Where in the file it begins.</param>
/// <param name="length">How many bytes it is to send.</param>
/// <param name="startedAt">When it began.</param>
internal sealed class LiveTransfer(
    LiveBoots owner, BootTicket ticket, string step, long offset, long length, DateTimeOffset startedAt) : TransferMeter
{
    private readonly long _offset = offset;
    private double _rate;
    private long _sampled = offset;
    private DateTimeOffset _sampledAt = startedAt;
    private long _news = offset;

    public BootTicket Ticket { get; } = ticket;
    public string Step { get; } = step;
    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>Where in the file it ends: the whole length, but for ranges that end early.</summary>
    public long TotalBytes { get; } = offset + length;

    /// <summary>How far into the file the machine has come.</summary>
    public long Bytes => _offset + BytesSent;

    /// <summary>When it ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>What the watch saw at its last look, and since when it has not moved; touched by the watch alone.</summary>
    public (long Bytes, DateTimeOffset Since, bool Stalled) Seen { get; set; } = (offset, startedAt, false);

    /// <summary>Bytes a second, smoothed over the last few looks; touched by the watch alone.</summary>
    public long Rate => (long)_rate;

    /// <summary>Takes the rate since the last look; touched by the watch alone.</summary>
    public void Measure(DateTimeOffset now)
    {
        if (now - _sampledAt < RateHistory.ShortestLook) return;
        var bytes = Bytes;
        var current = (bytes - _sampled) / (now - _sampledAt).TotalSeconds;
        _rate = _rate == 0 ? current : 0.5 * _rate + 0.5 * current;
        (_sampled, _sampledAt) = (bytes, now);
    }

    /// <summary>Whether bytes have gone since <see cref="TakeNews"/>; touched by the watch alone.</summary>
    public bool HasNews => Bytes != _news;

    /// <summary>How many bytes have gone since this was last asked; touched by the watch alone.</summary>
    public long TakeNews()
    {
        var (before, bytes) = (_news, Bytes);
        _news = bytes;
        return bytes - before;
    }

    public override void Ended(bool complete) => owner.End(this);
}
