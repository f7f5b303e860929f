using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace NetbootServer.Hosting;

/// <summary>
/// Whether the server can do its work, for <c>/readyz</c>: it has warmed up, and no part of it reports a problem.
/// </summary>
internal sealed class Readiness
{
    private readonly ConcurrentDictionary<string, string> _problems = new(StringComparer.Ordinal);
    private volatile bool _isWarm;

    /// <summary>The warm-up's User-Agent, a secret of this process: its requests stay out of the log.</summary>
    public string WarmUpAgent { get; } = "NetbootServer-warm-up/" +
        RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The warm-up is over.</summary>
    public bool IsWarm => _isWarm;

    /// <summary>Ends the warm-up.</summary>
    public void Warm() => _isWarm = true;

    /// <summary>Whether the server asks itself.</summary>
    public bool IsWarmUp(HttpContext http) => !_isWarm && http.Request.Headers.UserAgent == WarmUpAgent;

    /// <summary>What keeps the server from its work now: a sentence for each part that reports a problem.</summary>
    public IReadOnlyDictionary<string, string> Problems => _problems;

    /// <summary>Notes how a part is.</summary>
    /// <param name="part">A stable name, such as <c>database</c>, <c>blobs</c> or a worker's.</param>
    /// <param name="problem">What is wrong and what to do, a full sentence; null when all is well.</param>
    public void Report(string part, string? problem)
    {
        if (problem is not null) _problems[part] = problem;
        else if (!_problems.IsEmpty) _problems.TryRemove(part, out _);
    }
}
