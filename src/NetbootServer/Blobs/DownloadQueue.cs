using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace NetbootServer.Blobs;

/// <summary>A boot that waits for its turn to download.</summary>
/// <param name="Boot">The boot, as <see cref="IBootTransfers.Recognize"/> finds it.</param>
/// <param name="Place">Its place; 1 is next.</param>
/// <param name="Since">When it first asked.</param>
public sealed record QueuedBoot(string Boot, int Place, DateTimeOffset Since);

/// <summary>
/// Lets at most so many boots download their images at once (<c>Blobs:MaxBootDownloads</c>), first come first served. A
/// boot in line gets a Retry-After; it keeps its place while it asks again in time, and its seniority between its
/// files, so that one that has its kernel is not put behind those that have nothing yet.
/// </summary>
/// <remarks>
/// <para>
/// With so many seats free, the first so many in line have one each kept for them, until they have not asked in time;
/// those behind them, and those who come anew, get none of these. So a boot never has a seat that one before it needed,
/// whichever of them asks first: they are asleep until their own Retry-After. To seat them one after another, in the
/// very order of the line, would keep the seats of all empty until the first has woken up.
/// </para>
/// <para>
/// A machine has one seat, however many boots it begins. Boots without a machine's record go by their address: one that
/// already has a seat comes after those that have none. While others wait, a download that is slow or takes very long
/// goes on without its seat, which the next one in line gets: it is never cut, for iPXE would begin again.
/// </para>
/// </remarks>
public sealed class DownloadQueue(IOptions<BlobsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenFiles = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(30);
    private const double NewestShare = 0.2; // of the newest download in the mean

    private readonly int? _seats = options.Value.MaxBootDownloads;
    private readonly long _minRate = options.Value.MinBootDownloadBytesPerSecond;
    private readonly TimeSpan _maxTime = options.Value.MaxBootDownloadTime;
    private readonly long _started = time.GetTimestamp();
    private readonly Dictionary<string, DownloadSlot> _tickets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DownloadSlot> _boots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DownloadSlot.Group> _addresses = new(StringComparer.Ordinal);
    private readonly HashSet<DownloadSlot> _line = [];
    private readonly HashSet<DownloadSlot> _seated = [];
    private readonly Lock _lock = new();
    private long _lastNumber;
    private TimeSpan _nextSweep;
    private double _meanSeconds = 10;

    /// <summary>There is a limit.</summary>
    public bool IsLimited => _seats is not null;

    /// <summary>How many boots are downloading.</summary>
    public int Downloading
    {
        get { lock (_lock) return _seated.Count; }
    }

    /// <summary>The boots in line, the next one first.</summary>
    public ImmutableArray<QueuedBoot> Waiting
    {
        get
        {
            lock (_lock)
            {
                DropLate();
                return [.. _line.Order().Select((ticket, ahead) =>
                    new QueuedBoot(ticket.Boot, ahead + 1, ticket.Since))];
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>A boot's place in line; null when it is not waiting.</summary>
    public int? PlaceOf(string boot)
    {
        lock (_lock)
        {
            DropLate();
            return _boots.TryGetValue(boot, out var ticket) && _line.Contains(ticket) ? Ahead(ticket) + 1 : null;
        }
    }

    /// <summary>A boot asks for a file: it takes a seat, or its place in line.</summary>
    /// <param name="boot">The boot.</param>
    /// <param name="machine">Row key of its machine; 0 when it has no record.</param>
    /// <param name="address">Where it asks from, for one without a machine.</param>
    public Admission Enter(string boot, long machine = 0, string? address = null)
    {
        lock (_lock)
        {
            DropLate();
            var ticket = TicketOf(boot, machine, address);
            if (_seats is not { } seats || _seated.Contains(ticket)) return new(Sit(ticket));
            if (ticket.LostSeat && !_line.Contains(ticket)) ticket.Number = ++_lastNumber; // to the end of the line
            var ahead = Ahead(ticket);
            if (ahead >= seats - _seated.Count)
            {
                TakeSeatsOfSlow();
                ahead = Ahead(ticket);
            }
            return ahead < seats - _seated.Count ? new(Sit(ticket)) : Wait(ticket, ahead, seats);
        }
    }

    private DownloadSlot TicketOf(string boot, long machine, string? address)
    {
        var key = machine > 0 ? $"machine {machine}" : $"boot {boot}";
        if (!_tickets.TryGetValue(key, out var ticket))
        {
            DownloadSlot.Group? group = null;
            if (machine == 0 && address is not null && !_addresses.TryGetValue(address, out group))
                _addresses[address] = group = new(address);
            group ??= new(null);
            group.Tickets++;
            _tickets[key] = ticket = new(key, boot, ++_lastNumber, time.GetUtcNow(), group);
        }
        if (ticket.Boot != boot) _boots.Remove(ticket.Boot);
        ticket.Boot = boot;
        _boots[boot] = ticket;
        return ticket;
    }

    private int Ahead(DownloadSlot ticket) => _line.Count(other => other.CompareTo(ticket) < 0);

    private DownloadSeat Sit(DownloadSlot ticket)
    {
        _line.Remove(ticket);
        if (_seated.Add(ticket))
        {
            ticket.Holder.Seats++;
            ticket.LostSeat = false;
            ticket.SeatedAt = Now;
            ticket.Sample = (Now, ticket.Bytes);
        }
        return ticket.Begin(time.GetTimestamp(), Leave);
    }

    private Admission Wait(DownloadSlot ticket, int ahead, int seats)
    {
        var expected = TimeSpan.FromSeconds(_meanSeconds * (ahead + 1) / seats / 2);
        var retryAfter = expected < Shortest ? Shortest : expected > Longest ? Longest : expected;
        ticket.Deadline = Now + retryAfter + Late;
        _line.Add(ticket);
        return new(ahead + 1, retryAfter);
    }

    private void Leave(DownloadSlot ticket, DownloadSeat seat)
    {
        lock (_lock)
        {
            _meanSeconds += NewestShare * (time.GetElapsedTime(seat.Began).TotalSeconds - _meanSeconds);
            if (ticket.End(seat) > 0) return;
            FreeSeat(ticket);
            if (!_line.Contains(ticket)) ticket.Deadline = Now + BetweenFiles;
        }
    }

    /// <summary>Others wait: those that are too slow, or have had their seat for too long, go on without it.</summary>
    private void TakeSeatsOfSlow()
    {
        var now = Now;
        foreach (var ticket in _seated.Where(ticket => now - ticket.SeatedAt >= _maxTime || IsSlow(ticket, now))
            .ToList())
        {
            FreeSeat(ticket);
            ticket.LostSeat = true;
        }
    }

    private bool IsSlow(DownloadSlot ticket, TimeSpan now)
    {
        if (ticket.Bytes is not { } bytes || now - ticket.Sample.At < RateWindow) return false;
        var rate = (bytes - (ticket.Sample.Bytes ?? 0)) / (now - ticket.Sample.At).TotalSeconds;
        ticket.Sample = (now, bytes);
        return rate < _minRate;
    }

    private void FreeSeat(DownloadSlot ticket)
    {
        if (_seated.Remove(ticket)) ticket.Holder.Seats--;
    }

    /// <summary>Those who did not ask again in time have vanished.</summary>
    private void DropLate()
    {
        var now = Now;
        if (now < _nextSweep) return;
        _nextSweep = now + Shortest;
        foreach (var ticket in _tickets.Values.Where(ticket => ticket.Deadline < now).ToList())
        {
            _line.Remove(ticket);
            if (ticket.Downloads > 0) continue; // one without a seat still downloads
            _tickets.Remove(ticket.Key);
            _boots.Remove(ticket.Boot);
            if (--ticket.Holder.Tickets == 0 && ticket.Holder.Address is { } address)
                _addresses.Remove(address);
        }
    }
}

/// <summary>What a boot that asked for a file got: a seat, or a place in line.</summary>
public readonly record struct Admission
{
    internal Admission(DownloadSeat seat) => Seat = seat;

    internal Admission(int place, TimeSpan retryAfter) => (Place, RetryAfter) = (place, retryAfter);

    /// <summary>To be disposed of when the download has ended; null for a place in line.</summary>
    public DownloadSeat? Seat { get; }

    /// <summary>The place in line, 1 is next; 0 with a seat.</summary>
    public int Place { get; }

    /// <summary>When to ask again.</summary>
    public TimeSpan RetryAfter { get; }
}
