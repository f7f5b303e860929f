namespace NetbootServer.Http.Bodies;

/// <summary>One body on its way.</summary>
internal sealed class Transfer(HttpContext http, TransferMeter? meter)
{
    private readonly Lock _lock = new();
    private long _sent;
    private bool _ended;

    /// <summary>Bytes accepted; written by the sender alone.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>What <see cref="Sent"/> was when the watch last saw it move, and when that was.</summary>
    public (long Sent, long At) LastSeen { get; set; }

    public void Accepted(long bytes)
    {
        Volatile.Write(ref _sent, _sent + bytes);
        meter?.Accepted(bytes);
    }

    /// <summary>
    /// Cuts the connection while the transfer lasts; afterwards the request is no longer ours to cut.
    /// </summary>
    public void Cut()
    {
        lock (_lock)
        {
            if (!_ended) http.Abort();
        }
    }

    public void End(bool complete)
    {
        lock (_lock) _ended = true;
        if (!complete) http.Abort();
        meter?.Ended(complete);
    }
}
