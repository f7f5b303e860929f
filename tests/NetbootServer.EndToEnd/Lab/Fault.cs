namespace NetbootServer.EndToEnd.Lab;

/// <summary>What goes wrong between a machine and its server.</summary>
public abstract record Fault
{
    private Fault() { }

    /// <summary>The connection closes after so many bytes of the body, as when the server dies.</summary>
    public sealed record CutAfter(long Bytes) : Fault;

    /// <summary>The body stops after so many bytes and the connection stays open, as when a cable is pulled.</summary>
    public sealed record StallAfter(long Bytes) : Fault;

    /// <summary>Another status, no body, optionally Retry-After (whole seconds); the server is not asked.</summary>
    public sealed record Answer(int Status, TimeSpan? RetryAfter = null) : Fault;

    /// <summary>The request reaches the server late.</summary>
    public sealed record Delay(TimeSpan By) : Fault;
}

/// <summary>One request that came through a <see cref="FaultProxy"/>.</summary>
public sealed class ProxiedRequest
{
    public required string Method { get; init; }

    /// <summary>Path and query as the client wrote them.</summary>
    public required string Target { get; init; }

    /// <summary>The same for requests on one kept connection.</summary>
    public required string Connection { get; init; }

    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    public string UserAgent => Headers.GetValueOrDefault("User-Agent", "");

    /// <summary>What happened to it, if not simply passed on.</summary>
    public Fault? Fault { get; internal set; }

    /// <summary>0 until the answer begins.</summary>
    public int Status { get; internal set; }

    /// <summary>Bytes of the body handed to the client's connection, the piece under way included.</summary>
    public long SentBytes { get; internal set; }
}

/// <summary>Does a <see cref="Lab.Fault"/> to the requests it matches, so many times, until it is taken back.</summary>
public sealed class FaultRule(Func<ProxiedRequest, bool> when, Fault fault, int times)
{
    private int left = times;

    /// <summary>From now on requests pass as if there were no rule.</summary>
    public void TakeBack() => Volatile.Write(ref left, 0);

    internal Fault? Take(ProxiedRequest request) =>
        Volatile.Read(ref left) > 0 && when(request) && Interlocked.Decrement(ref left) >= 0 ? fault : null;
}
