using System.Collections.Immutable;
using Microsoft.Extensions.Options;

namespace NetbootServer.Blobs;

/// <summary>A boot that waits for its turn to download.</summary>
/// <param name="Boot">The boot, as <see cref="BootRecognizing"/> names it.</param>
/// <param name="Place">Its place; 1 is next.</param>
/// <param name="Since">When it first asked.</param>
public sealed record QueuedBoot(string Boot, int Place, DateTimeOffset Since);

/// <summary>
/// Lets at most so many boots download their images at once (<c>Blobs:MaxBootDownloads</c>), first come first served. A
/// boot in line is told to ask again; it keeps its place while it does so in time, and its seniority between its files,
/// so that one that has its kernel is not put behind those that have nothing yet.
/// </summary>
/// <remarks>
/// With so many seats free, the first so many in line have one each kept for them, until they have not asked in time;
/// whoever stands behind them, or comes anew, gets none of these. So nobody ever has a seat that one before it needed,
/// whoever of them asks first: they are asleep until their own Retry-After. To seat them one after another, in the very
/// order of the line, would keep the seats of all empty until the first has woken up.
/// </remarks>
public sealed class DownloadLine(IOptions<BlobsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenFiles = TimeSpan.FromSeconds(30);
    private const double NewestShare = 0.2; // of the newest download in the mean

    private readonly int? _seats = options.Value.MaxBootDownloads;
    private readonly Dictionary<string, Ticket> _tickets = new(StringComparer.Ordinal);
    private readonly SortedSet<Ticket> _line = new(Comparer<Ticket>.Create((a, b) => a.Number.CompareTo(b.Number)));
    private readonly Lock _lock = new();
    private long _lastNumber;
    private int _taken;
    private DateTimeOffset _nextSweep;
    private double _meanSeconds = 10;

    /// <summary>There is a limit.</summary>
    public bool IsLimited => _seats is not null;

    /// <summary>How many boots are downloading.</summary>
    public int Downloading
    {
        get { lock (_lock) return _taken; }
    }

    /// <summary>The boots in line, the next one first.</summary>
    public ImmutableArray<QueuedBoot> Waiting
    {
        get
        {
            lock (_lock)
            {
                DropLate();
                return [.. _line.Select((ticket, ahead) => new QueuedBoot(ticket.Boot, ahead + 1, ticket.Since))];
            }
        }
    }

    /// <summary>A boot's place in line; null when it is not waiting.</summary>
    public int? PlaceOf(string boot)
    {
        lock (_lock)
        {
            DropLate();
            return _tickets.TryGetValue(boot, out var ticket) && ticket.IsWaiting ? Ahead(ticket) + 1 : null;
        }
    }

    /// <summary>A boot asks for a file: it takes a seat, or its place in line.</summary>
    public Admission Enter(string boot)
    {
        lock (_lock)
        {
            DropLate();
            if (!_tickets.TryGetValue(boot, out var ticket))
                _tickets[boot] = ticket = new Ticket(boot, ++_lastNumber, time.GetUtcNow());
            var ahead = ticket.Downloads > 0 ? 0 : Ahead(ticket);
            if (ticket.Downloads > 0 || _seats is not { } seats || ahead < seats - _taken) return new(Sit(ticket));
            return Wait(ticket, ahead, seats);
        }
    }

    private int Ahead(Ticket ticket) => _line.TakeWhile(other => other.Number < ticket.Number).Count();

    private Seat Sit(Ticket ticket)
    {
        _line.Remove(ticket);
        ticket.IsWaiting = false;
        if (ticket.Downloads++ == 0) _taken++;
        return new Seat(this, ticket, time.GetTimestamp());
    }

    private Admission Wait(Ticket ticket, int ahead, int seats)
    {
        var expected = TimeSpan.FromSeconds(_meanSeconds * (ahead + 1) / seats / 2);
        var retryAfter = expected < Shortest ? Shortest : expected > Longest ? Longest : expected;
        ticket.IsWaiting = true;
        ticket.Deadline = time.GetUtcNow() + retryAfter + Late;
        _line.Add(ticket);
        return new(ahead + 1, retryAfter);
    }

    private void Leave(Ticket ticket, long sat)
    {
        lock (_lock)
        {
            _meanSeconds += NewestShare * (time.GetElapsedTime(sat).TotalSeconds - _meanSeconds);
            if (--ticket.Downloads > 0) return;
            _taken--;
            ticket.Deadline = time.GetUtcNow() + BetweenFiles;
        }
    }

    /// <summary>Those who did not ask again in time have vanished.</summary>
    private void DropLate()
    {
        var now = time.GetUtcNow();
        if (now < _nextSweep) return;
        _nextSweep = now + Shortest;
        foreach (var ticket in _tickets.Values.Where(ticket => ticket.Downloads == 0 && ticket.Deadline < now).ToList())
        {
            _tickets.Remove(ticket.Boot);
            _line.Remove(ticket);
        }
    }

    private sealed class Ticket(string boot, long number, DateTimeOffset since)
    {
        public string Boot => boot;
        public long Number => number;
        public DateTimeOffset Since => since;
        public int Downloads { get; set; }
        public bool IsWaiting { get; set; }
        public DateTimeOffset Deadline { get; set; }
    }

    private sealed class Seat(DownloadLine line, Ticket ticket, long sat) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) line.Leave(ticket, sat);
        }
    }
}

/// <summary>What a boot that asked for a file got: a seat, or a place in line.</summary>
public readonly record struct Admission
{
    internal Admission(IDisposable seat) => Seat = seat;

    internal Admission(int place, TimeSpan retryAfter) => (Place, RetryAfter) = (place, retryAfter);

    /// <summary>To be disposed of when the download has ended; null for a place in line.</summary>
    public IDisposable? Seat { get; }

    /// <summary>The place in line, 1 is next; 0 with a seat.</summary>
    public int Place { get; }

    /// <summary>When to ask again.</summary>
    public TimeSpan RetryAfter { get; }
}
