using NetbootServer.Api;

namespace NetbootServer.Jobs;

/// <summary>A source gave no version. Nothing half-made remains, only downloads that the next try goes on with.</summary>
/// <param name="problem">What kind of failure.</param>
/// <param name="detail">
/// What happened and what to do, in full sentences; quotes at most 64 bytes of what the source sent, escaped.
/// </param>
/// <param name="inner">What it comes from, if anything.</param>
public sealed class SourceException(ProblemType problem, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>What kind of failure.</summary>
    public ProblemType Problem { get; } = problem;

    /// <summary>Whether the same may go well a little later without anybody's doing.</summary>
    public bool Transient => OfNetwork || Problem == SourceProblems.Changing || Problem == SourceProblems.Damaged
        || Problem == SourceProblems.StorageAway;

    /// <summary>Whether the network alone is to blame; what came until then is good.</summary>
    internal bool OfNetwork => Problem == SourceProblems.Unreachable || Problem == SourceProblems.TooSlow;

    /// <summary>
    /// Whether the source answers, but wants fewer requests: asking again before it says so makes it worse.
    /// </summary>
    public bool IsLimit { get; init; }

    /// <summary>How long the source asks to be left alone; null when it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
