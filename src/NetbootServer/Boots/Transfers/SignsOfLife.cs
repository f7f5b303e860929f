using System.Collections.Concurrent;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Scripts;

namespace NetbootServer.Boots.Transfers;

/// <summary>
/// When this server last had a sign of life of each boot under way, counted by a monotonic clock: the script that was
/// handed out, a request, a byte that moved, the end of a whole file. A transfer that broke off is none.
/// </summary>
internal sealed class SignsOfLife(TimeProvider time)
{
    /// <summary>Boots that are followed at most; of others the sweep finds out.</summary>
    private const int Most = 20_000;

    private readonly ConcurrentDictionary<string, Life> _boots = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, string> _ofMachine = new();
    private readonly long _since = time.GetTimestamp();

    /// <summary>The boots that are followed.</summary>
    public IEnumerable<Life> Boots => _boots.Values;

    /// <summary>How long nothing was heard of a boot, as far as this server knows.</summary>
    public TimeSpan SilenceOf(string boot) =>
        time.GetElapsedTime(_boots.TryGetValue(boot, out var life) ? life.HeardAt : _since);

    /// <summary>What is written down of a boot is what is known of it.</summary>
    public void Note(BootEntry entry)
    {
        switch (entry)
        {
            case BootOpened opened:
                Follow(opened.Ticket, Steps.Script, opened.At, inDoubt: false, opened.FilesElsewhere);
                if (opened is { LeavesBehind: true, Ticket.Machine: not 0 }) LeaveBehind(opened.Ticket);
                break;
            case BootStep { Step: Steps.Up or Steps.Failed } or BootStep { Kind: FactKinds.Lost }:
                _boots.TryRemove(((BootStep)entry).Ticket.Boot, out _);
                break;
            case BootStep { Step: Steps.Ready } ready:
                Follow(ready.Ticket, Steps.Ready, ready.At, inDoubt: false, elsewhere: false)
                    ?.Starts(ready.At, time.GetTimestamp());
                break;
            case BootStep { Kind: FactKinds.Began, Step: Steps.Files } began: // by its booted system: it loads no more
                if (_boots.TryGetValue(began.Ticket.Boot, out var booted))
                    booted.Asks(began.Step, began.At, time.GetTimestamp());
                break;
            case BootStep { Kind: FactKinds.Began } began:
                Follow(began.Ticket, began.Step, began.At, inDoubt: true, elsewhere: false)
                    ?.Asks(began.Step, began.At, time.GetTimestamp());
                break;
            case BootStep { Kind: FactKinds.Ended } ended when ended.Bytes == ended.TotalBytes:
                if (!_boots.TryGetValue(ended.Ticket.Boot, out var life)) break;
                life.Completes(ended.At, time.GetTimestamp());
                if (ended.Step == Steps.Bundle) life.Starts(ended.At, time.GetTimestamp()); // when its reader likes
                break;
        }
    }

    /// <summary>Follows a boot that began before this server was started.</summary>
    public void Adopt(BootTicket ticket, string step, DateTimeOffset heardOn, bool stalled, bool elsewhere) =>
        Follow(ticket, step, heardOn, stalled, elsewhere);

    /// <summary>Lets go of boots that nothing can become of any more.</summary>
    /// <param name="unknown">The silence after which a boot is unknown.</param>
    public void Forget(TimeSpan unknown)
    {
        foreach (var (boot, life) in _boots)
            if (time.GetElapsedTime(life.HeardAt) is var silence
                && (life.Loads ? silence > 2 * unknown : silence > unknown))
                _boots.TryRemove(boot, out _);
    }

    /// <summary>A transfer of the boot has taken bytes; true when it had been silent before.</summary>
    public bool Moves(LiveTransfer transfer, DateTimeOffset now)
    {
        if (!_boots.TryGetValue(transfer.Ticket.Boot, out var life)) return false;
        var wasSilent = life.Stalled;
        life.Asks(transfer.Step, now, time.GetTimestamp());
        life.Stalled = false;
        life.End = null;
        return wasSilent;
    }

    /// <summary>A transfer of the boot broke off.</summary>
    /// <param name="boot">The boot.</param>
    /// <param name="end">How, after "the machine".</param>
    /// <param name="cut">Whether the server ended it, because nothing was taken.</param>
    public void BreaksOff(string boot, string end, bool cut)
    {
        if (!_boots.TryGetValue(boot, out var life)) return;
        life.End = end;
        life.CutAt = cut ? time.GetTimestamp() : null;
    }

    private Life? Follow(BootTicket ticket, string step, DateTimeOffset at, bool inDoubt, bool elsewhere)
    {
        if (_boots.TryGetValue(ticket.Boot, out var known)) return known;
        return _boots.Count >= Most ? null
            : _boots.GetOrAdd(ticket.Boot,
                new Life(ticket, step, at, time.GetTimestamp()) { Stalled = inDoubt, IsSeen = !elsewhere });
    }

    /// <summary>A machine that began anew has left its earlier boot behind.</summary>
    private void LeaveBehind(BootTicket ticket)
    {
        if (_ofMachine.Count > 2 * Most) _ofMachine.Clear();
        string? before = null;
        _ofMachine.AddOrUpdate(ticket.Machine, ticket.Boot, (_, boot) =>
        {
            before = boot;
            return ticket.Boot;
        });
        if (before is not null && before != ticket.Boot) _boots.TryRemove(before, out _);
    }
}

/// <summary>
/// A boot that is followed. Who sends bytes and who looks both write; a look more or less does not matter.
/// </summary>
internal sealed class Life(BootTicket ticket, string step, DateTimeOffset at, long now)
{
    private long _heardAt = now;

    public BootTicket Ticket => ticket;

    /// <summary>The step that it reached last.</summary>
    public string Step { get; private set; } = step;

    /// <summary>Whether all of that step's file is there.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The last sign of life, a timestamp of the monotonic clock.</summary>
    public long HeardAt => Volatile.Read(ref _heardAt);

    /// <summary>The same as an instant of the boot's own time, as facts have it.</summary>
    public DateTimeOffset HeardOn { get; private set; } = at;

    /// <summary>It is silent, or was when nothing else was known; only new bytes end that.</summary>
    public bool Stalled { get; set; }

    /// <summary>Its kernel has not been started yet.</summary>
    public bool Loads { get; private set; } = true;

    /// <summary>Its downloads go through this server.</summary>
    public bool IsSeen { get; init; } = true;

    /// <summary>How its last transfer broke off, after "the machine"; null when none did since bytes moved.</summary>
    public string? End { get; set; }

    /// <summary>When the server ended that transfer; null when the machine did.</summary>
    public long? CutAt { get; set; }

    /// <summary>Why it counts as silent, after "the machine".</summary>
    /// <param name="connected">Whether a connection of it is open.</param>
    public string WhySilent(bool connected) =>
        connected ? $"takes nothing of its {Step}"
        : End is not null ? End
        : Step == Steps.Script ? "has asked for nothing since it got its script"
        : IsComplete ? $"has asked for nothing since its {Step} was complete"
        : $"has asked for nothing since it asked for its {Step}";

    /// <summary>It asks for a file, or takes bytes of it.</summary>
    public void Asks(string step, DateTimeOffset at, long now)
    {
        (Step, IsComplete) = (step, false);
        Hears(at, now);
    }

    /// <summary>It has all of a file.</summary>
    public void Completes(DateTimeOffset at, long now)
    {
        (Stalled, IsComplete, End) = (false, true, null);
        Hears(at, now);
    }

    /// <summary>It has everything, and starts its kernel.</summary>
    public void Starts(DateTimeOffset at, long now)
    {
        Loads = false;
        Hears(at, now);
    }

    /// <summary>There is a sign of life.</summary>
    public void Hears(DateTimeOffset at, long now)
    {
        HeardOn = at;
        Volatile.Write(ref _heardAt, now);
    }
}
