namespace NetbootServer.Benchmarks.Files;

/// <summary>What all connections of a measurement have received.</summary>
internal sealed class LoadCounters
{
    private long _bytes, _requests, _answers;
    private int _served;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many connections have been answered at least once.</summary>
    public int Served => Volatile.Read(ref _served);

    public long Answers => Volatile.Read(ref _answers);
    public long NextRequest() => Interlocked.Increment(ref _requests);
    public void Received(long bytes) => Interlocked.Add(ref _bytes, bytes);
    public void ServedFirst() => Interlocked.Increment(ref _served);
    public void Answered() => Interlocked.Increment(ref _answers);
}
