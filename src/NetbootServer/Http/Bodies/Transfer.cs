namespace NetbootServer.Http.Bodies;

/// <summary>One body on its way.</summary>
internal sealed class Transfer(HttpContext http, TransferMeter? meter, Pace? pace)
{
    private readonly Lock _lock = new();
    private long _sent;
    private bool _ended;
    private bool _held;

    /// <summary>Bytes accepted; written by the sender alone.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>What <see cref="Sent"/> was when the watch last saw it move, and when that was.</summary>
    public (long Sent, long At) LastSeen { get; set; }

    /// <summary>A cap holds for it.</summary>
    public bool IsPaced => pace is not null;

    /// <summary>It waits for us, not for the client.</summary>
    public bool Held => Volatile.Read(ref _held);

    /// <summary>Waits until the next bytes may go, and answers how many.</summary>
    public async ValueTask<long> NextAsync(long wanted)
    {
        Volatile.Write(ref _held, true);
        try
        {
            return await pace!.NextAsync(wanted, http.RequestAborted);
        }
        finally
        {
            Volatile.Write(ref _held, false);
        }
    }

    /// <summary>Bytes have been accepted; of those that might go so many have not.</summary>
    public void Accepted(long bytes, long notSent)
    {
        Volatile.Write(ref _sent, _sent + bytes);
        meter?.Accepted(bytes);
        if (IsPaced) pace!.NotSent(notSent);
    }

    /// <summary>
    /// Cuts the connection while the transfer lasts; afterwards the request is no longer ours to cut.
    /// </summary>
    /// <param name="silence">How long its client took nothing.</param>
    public void Cut(TimeSpan silence)
    {
        lock (_lock)
        {
            if (_ended) return;
            if (meter is not null) meter.CutAfter = silence;
            http.Abort();
        }
    }

    public void End(bool complete)
    {
        lock (_lock) _ended = true;
        if (!complete) http.Abort();
        pace?.End();
        meter?.Ended(complete);
    }
}
