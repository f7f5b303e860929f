namespace NetbootServer.Serving.Bodies;

/// <summary>What comes with a body that is about to leave, or why it must wait.</summary>
/// <param name="Meter">Counts its bytes; null to count nothing.</param>
/// <param name="Lease">Disposed of when it has left or broken off; null for nothing.</param>
public readonly record struct BodyStart(TransferMeter? Meter, IDisposable? Lease)
{
    /// <summary>Answer 503 with these words instead.</summary>
    public string? Reason { get; private init; }

    /// <summary>When to ask again, for the 503.</summary>
    public TimeSpan RetryAfter { get; private init; }

    /// <summary>Not now.</summary>
    /// <param name="reason">A sentence, free of anything the client said.</param>
    /// <param name="retryAfter">When to ask again.</param>
    public static BodyStart Later(string reason, TimeSpan retryAfter) =>
        new(null, null) { Reason = reason, RetryAfter = retryAfter };
}
