using System.Net.Sockets;

namespace NetbootServer.Serving.Bodies;

/// <summary>One body on its way.</summary>
internal sealed class Transfer(HttpContext http, TransferMeter? meter, Pace? pace)
{
    private readonly Lock _lock = new();
    private readonly Socket? _socket = AcknowledgedBytes.SocketOf(http);
    private long _sent;
    private bool _ended;
    private bool _held;

    /// <summary>Bytes accepted; written by the sender alone.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>How many bytes the client's system has acknowledged on the connection; null when unknown.</summary>
    public long? Acknowledged => AcknowledgedBytes.On(_socket);

    /// <summary>
    /// What <see cref="Sent"/> and <see cref="Acknowledged"/> were when the watch last saw one of them move, and when
    /// that was.
    /// </summary>
    public (long Sent, long? Acknowledged, long At) LastSeen { get; set; }

    /// <summary>The longest time after which the watch saw it move again.</summary>
    public TimeSpan LongestSilence { get; set; }

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
