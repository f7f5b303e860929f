namespace NetbootServer.Serving.Bodies;

/// <summary>
/// Counts the bytes of one transfer as they leave. One sender writes, any thread reads at any time, without locks.
/// </summary>
public abstract class TransferMeter
{
    private long _sent;

    /// <summary>
    /// Bytes of the body that the client's socket in the kernel has accepted (on the copying path: that have been
    /// handed to the connection).
    /// </summary>
    public long BytesSent => Volatile.Read(ref _sent);

    /// <summary>
    /// What the transfers of one machine have in common, for the cap on each; null to go by the address.
    /// </summary>
    public virtual object? Machine => null;

    /// <summary>
    /// The client took no byte for this long, so the server ended the transfer; null when it did not.
    /// </summary>
    public TimeSpan? CutAfter { get; internal set; }

    internal void Accepted(long bytes) => Volatile.Write(ref _sent, _sent + bytes);

    /// <summary>The transfer is over; called once.</summary>
    /// <param name="complete">All bytes of the range were accepted; otherwise the connection broke.</param>
    public abstract void Ended(bool complete);
}
