using System.Collections.Concurrent;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;
using NetbootServer.Hosting;
using NetbootServer.Images;
using NetbootServer.Serving;
using NetbootServer.Serving.Bodies;

namespace NetbootServer.Boots.Transfers;

/// <summary>
/// The transfers of boots that this server sends, or has sent a moment ago. Nothing here is waited for or locked while
/// bytes leave.
/// </summary>
internal sealed class LiveBoots(
    BootLog log, BootTokens tokens, SignsOfLife signs, ImageCatalog images, TimeProvider time)
{
    private readonly ConcurrentDictionary<LiveTransfer, byte> _transfers = new();

    /// <summary>How long an ended transfer stays: until its end is surely written down.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    /// <summary>The transfers.</summary>
    public ICollection<LiveTransfer> Transfers => _transfers.Keys;

    /// <summary>Begins to follow a transfer; null when it belongs to no boot's step.</summary>
    public TransferMeter? Begin(HttpContext http, string boot, string file, long offset, long length)
    {
        if (Steps.OfFile(file) is not { } step) return null;
        if (tokens.Verify(boot) is not { } ticket) return null;
        http.NoteBoot(ticket.Boot);
        var now = tokens.NowOf(ticket);
        var transfer = new LiveTransfer(this, ticket, step, offset, length, now, time)
        {
            File = file == step ? null : file, Initrds = InitrdsOf(ticket, file),
        };
        _transfers[transfer] = 0;
        log.Add(new BootStep(now, ticket, step, FactKinds.Began, TotalBytes: transfer.TotalBytes)
        {
            File = transfer.File,
        });
        return transfer;
    }

    /// <summary>For an initrd: the sizes of all initrds of its boot, while its version is kept; else null.</summary>
    private InitrdSizes? InitrdsOf(BootTicket ticket, string file)
    {
        if (Roles.InitrdIndex(file) is not { } index || ticket.Recipe is not { } number) return null;
        var recipe = images.FindVersion(ticket.Version)?.Version.Recipes.ElementAtOrDefault(number);
        return recipe is null || index >= recipe.Initrds.Length ? null
            : new(recipe.Initrds[..index].Sum(initrd => initrd.SizeBytes), recipe.InitrdBytes);
    }

    /// <summary>Ends a transfer.</summary>
    public void End(LiveTransfer transfer)
    {
        var now = tokens.NowOf(transfer.Ticket);
        LookAt(transfer, now); // what it took since the watch last looked
        transfer.End(now);
        var end = transfer.Bytes == transfer.TotalBytes ? null
            : transfer.CutAfter is { } silence ? $"took nothing for {BootReason.Show(silence)} and was disconnected"
            : $"closed its connection after {BootReason.Show(transfer.Bytes, transfer.TotalBytes)} of its " +
            $"{transfer.Step} " +
                "and has asked for nothing since";
        if (end is not null) signs.BreaksOff(transfer.Ticket.Boot, end, transfer.CutAfter is not null);
        log.Add(new BootStep(now, transfer.Ticket, transfer.Step, FactKinds.Ended, transfer.Bytes, transfer.TotalBytes,
            end is null ? null : BootReason.Detail(end))
        {
            SentBytes = transfer.BytesSent, File = transfer.File,
        });
    }

    /// <summary>
    /// Notes whether it has taken bytes since the last look; a boot that was silent goes on with them.
    /// </summary>
    public void LookAt(LiveTransfer transfer, DateTimeOffset now)
    {
        if (transfer.HasMoved() && signs.Moves(transfer, now))
            log.Add(new BootStep(
                now, transfer.Ticket, transfer.Step, FactKinds.Moved, transfer.Bytes, transfer.TotalBytes)
            {
                File = transfer.File,
            });
    }

    /// <summary>Lets go of transfers that ended a while ago.</summary>
    public void Forget()
    {
        foreach (var transfer in _transfers.Keys)
            if (transfer.SinceEnd > Linger) _transfers.TryRemove(transfer, out _);
    }
}

/// <summary>The bytes of a boot's initrds, which are fetched one after another.</summary>
/// <param name="Before">Bytes of those before the one that is fetched now.</param>
/// <param name="All">Bytes of all of them.</param>
internal sealed record InitrdSizes(long Before, long All);

/// <summary>A transfer for a boot.</summary>
/// <param name="owner">Notified of its end.</param>
/// <param name="ticket">The boot.</param>
/// <param name="step">kernel, initrd, overlay or files.</param>
/// <param name="offset">Where in the file it begins.</param>
/// <param name="length">How many bytes it is to send.</param>
/// <param name="startedAt">When it began.</param>
/// <param name="time">The clock; null for that of the system.</param>
internal sealed class LiveTransfer(LiveBoots owner, BootTicket ticket, string step, long offset, long length,
    DateTimeOffset startedAt, TimeProvider? time = null) : TransferMeter
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly long _offset = offset;
    private readonly RateMeter _meter = StartedMeter(offset, time ?? TimeProvider.System);
    private long _seen = offset;
    private long? _endedStamp;
    private long _news = offset;

    public BootTicket Ticket { get; } = ticket;
    public string Step { get; } = step;

    /// <summary>Which of the step's files it is; null for the one with the step's name.</summary>
    public string? File { get; init; }

    /// <summary>For one of several initrds: those of its boot; null otherwise, or when they are not known.</summary>
    public InitrdSizes? Initrds { get; init; }
    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>Where in the file it ends: the whole length, but for ranges that end early.</summary>
    public long TotalBytes { get; } = offset + length;

    /// <summary>How far into the file the machine has come.</summary>
    public long Bytes => _offset + BytesSent;

    /// <summary>When it ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>How long ago it ended; null while it lasts.</summary>
    public TimeSpan? SinceEnd => _endedStamp is { } stamp ? _time.GetElapsedTime(stamp) : null;

    /// <summary>Whether it has taken bytes since this was last asked, which the watch and its end do.</summary>
    public bool HasMoved()
    {
        var bytes = Bytes;
        return Interlocked.Exchange(ref _seen, bytes) != bytes;
    }

    /// <summary>It has ended.</summary>
    public void End(DateTimeOffset at) => (_endedStamp, EndedAt) = (_time.GetTimestamp(), at);

    /// <summary>Bytes a second over the last looks; 0 before the first.</summary>
    public long Rate => (long)(_meter.BytesPerSecond ?? 0);

    /// <summary>Notes how far it has come, for <see cref="Rate"/>.</summary>
    public void Measure() => _meter.Note(Bytes);

    /// <summary>Whether bytes have gone since <see cref="TakeNews"/>; touched by the watch alone.</summary>
    public bool HasNews => Bytes != _news;

    /// <summary>How many bytes have gone since this was last asked; touched by the watch alone.</summary>
    public long TakeNews()
    {
        var (before, bytes) = (_news, Bytes);
        _news = bytes;
        return bytes - before;
    }

    /// <summary>The machine; a boot without one is by itself, for machines may share an address.</summary>
    public override object Machine => Ticket.Machine > 0 ? Ticket.Machine : Ticket.Boot;

    public override void Ended(bool complete) => owner.End(this);

    private static RateMeter StartedMeter(long offset, TimeProvider time)
    {
        var meter = new RateMeter(TimeSpan.FromSeconds(2), time);
        meter.Note(offset);
        return meter;
    }
}
