using NetbootServer.Api;
using NetbootServer.Jobs;

namespace NetbootServer.Downloads;

/// <summary>
/// A source gave no version. Nothing half-made remains, only downloads that the next try goes on with.
/// </summary>
/// <param name="problem">What kind of failure.</param>
/// <param name="detail">
/// What happened and what to do, in full sentences; quotes at most 64 bytes of what the source sent, escaped.
/// </param>
/// <param name="inner">What it comes from, if anything.</param>
public sealed class SourceException(ProblemType problem, string detail, Exception? inner = null)
    : JobFailedException(problem, detail, inner)
{
    /// <inheritdoc/>
    public override bool Transient => OfNetwork || Problem == SourceProblems.Changing
        || Problem == SourceProblems.Damaged
        || Problem == SourceProblems.StorageAway;

    /// <summary>Whether the network alone is to blame; what came until then is good.</summary>
    internal bool OfNetwork => Problem == SourceProblems.Unreachable || Problem == SourceProblems.TooSlow;
}
