using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// What a machine, or a boot without one, has in a <see cref="DownloadQueue"/>; touched under its lock.
/// </summary>
internal sealed class DownloadSlot(
    string key, string boot, long number, DateTimeOffset since, DownloadSlot.Group holder) : IComparable<DownloadSlot>
{
    private readonly List<DownloadSeat> _downloads = [];
    private long _ended;

    public string Key => key;
    public DateTimeOffset Since => since;
    public Group Holder => holder;

    /// <summary>The boot that asked last.</summary>
    public string Boot { get; set; } = boot;

    /// <summary>Lower ones are served first.</summary>
    public long Number { get; set; } = number;

    /// <summary>Its downloads go on without the seat that it had.</summary>
    public bool LostSeat { get; set; }

    /// <summary>When it has not asked again by then it has vanished.</summary>
    public TimeSpan Deadline { get; set; }

    /// <summary>When it got its seat.</summary>
    public TimeSpan SeatedAt { get; set; }

    /// <summary>What <see cref="Bytes"/> was when its rate was last looked at.</summary>
    public (TimeSpan At, long? Bytes) Sample { get; set; }

    /// <summary>How many downloads it has under way.</summary>
    public int Downloads => _downloads.Count;

    /// <summary>Bytes of all its downloads; null while one of them is not counted.</summary>
    public long? Bytes => _downloads.Aggregate((long?)_ended, (sum, download) => sum + download.Meter?.BytesSent);

    /// <summary>A download begins.</summary>
    public DownloadSeat Begin(long began, Action<DownloadSlot, DownloadSeat> leave)
    {
        var seat = new DownloadSeat(began, seat => leave(this, seat));
        _downloads.Add(seat);
        return seat;
    }

    /// <summary>A download has ended; answers how many go on.</summary>
    public int End(DownloadSeat seat)
    {
        _ended += seat.Meter?.BytesSent ?? 0;
        _downloads.Remove(seat);
        return _downloads.Count;
    }

    /// <summary>Those whose holder has fewer seats come first, then those that came first.</summary>
    public int CompareTo(DownloadSlot? other) =>
        (Holder.Seats, Number).CompareTo((other!.Holder.Seats, other.Number));

    /// <summary>Who a ticket's seat counts for: a machine, or an address with all its boots.</summary>
    /// <param name="address">The address; null for a machine.</param>
    internal sealed class Group(string? address)
    {
        public string? Address => address;

        /// <summary>How many tickets it has.</summary>
        public int Tickets { get; set; }

        /// <summary>How many seats it has.</summary>
        public int Seats { get; set; }
    }
}

/// <summary>Lets one file of a boot be downloaded, until it is disposed of.</summary>
public sealed class DownloadSeat : IDisposable
{
    private readonly Action<DownloadSeat> _leave;
    private int _left;

    internal DownloadSeat(long began, Action<DownloadSeat> leave) => (Began, _leave) = (began, leave);

    /// <summary>When the download began, a timestamp.</summary>
    internal long Began { get; }

    /// <summary>Counts its bytes; null: its rate is not looked at.</summary>
    public TransferMeter? Meter { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0) _leave(this);
    }
}
