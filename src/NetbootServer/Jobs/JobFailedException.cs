using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>A job's work failed for a reason that it can explain.</summary>
/// <param name="problem">What kind of failure.</param>
/// <param name="detail">What happened and what to do, in full sentences.</param>
/// <param name="inner">What it comes from, if anything.</param>
public class JobFailedException(ProblemType problem, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>What kind of failure.</summary>
    public ProblemType Problem { get; } = problem;

    /// <summary>Whether the same work may succeed a little later: the job is then tried again by itself.</summary>
    public virtual bool Transient { get; init; }

    /// <summary>
    /// Whether what failed works, but wants fewer requests: asking again before it says so makes it worse, so its
    /// <see cref="RetryAfter"/> may be longer.
    /// </summary>
    public bool IsLimit { get; init; }

    /// <summary>How long to wait before the next try; null: as usual.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
