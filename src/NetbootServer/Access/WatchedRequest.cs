namespace NetbootServer.Access;

/// <summary>A request that is being answered, and the credential that it came with.</summary>
/// <param name="http">The request.</param>
/// <param name="grant">What the credential allows.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchedRequest(HttpContext http, Grant grant, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _end =
        CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
    private readonly long _began = time.GetTimestamp();
    private readonly Lock _lock = new();
    private volatile bool _hasEnded;
    private bool _wasOver, _isDone;
    private long _endedAt;

    /// <summary>Of the token or session.</summary>
    public string Id => grant.Id;

    /// <summary>When the credential ends, as far as it is known; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; } = grant.ExpiresAt;

    /// <summary>Whether the request was ended because its credential has.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Ends with the client or with the credential.</summary>
    public CancellationToken Token => _end.Token;

    public bool HasRunFor(TimeSpan least) => time.GetElapsedTime(_began) >= least;

    /// <summary>Notes a look at the credential: the second that finds it over in a row ends the request.</summary>
    public void Found(bool isOver)
    {
        lock (_lock)
        {
            if (_isDone || _hasEnded) return;
            var isEnd = isOver && _wasOver;
            _wasOver = isOver;
            if (!isEnd) return;
            (_hasEnded, _endedAt) = (true, time.GetTimestamp());
            _ = _end.CancelAsync(); // on another thread: what the request does then holds up no other
        }
    }

    /// <summary>Cuts the connection of a request that still goes on although it was ended so long ago.</summary>
    public void CutAfter(TimeSpan patience)
    {
        lock (_lock)
            if (!_isDone && _hasEnded && time.GetElapsedTime(_endedAt) > patience) http.Abort();
    }

    /// <summary>The request is answered.</summary>
    public void Dispose()
    {
        lock (_lock) _isDone = true;
        _end.Dispose();
    }
}
