namespace NetbootServer.Jobs;

/// <summary>Where a source says how far it is. Called from any thread, often.</summary>
public interface ISourceProgress
{
    /// <summary>The present state; replaces the one before.</summary>
    void Report(SourceProgress progress);

    /// <summary>A line for the job's log, without its line break; may have ANSI colours.</summary>
    void Log(string line);
}

/// <summary>How far a refresh is.</summary>
/// <param name="Phase">What it is doing: <c>checking</c>, <c>downloading</c>, <c>evaluating</c>, <c>building</c>, <c>storing</c>.</param>
public sealed record SourceProgress(string Phase)
{
    /// <summary>Bytes that are here; null when bytes are not counted.</summary>
    public long? DoneBytes { get; init; }

    /// <summary>How many of them were here before, from a download that was broken off: they came at no speed.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Bytes there will be; null while unknown.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Builds, or store paths, that are done; null when there are no steps.</summary>
    public long? DoneSteps { get; init; }

    /// <summary>Steps there will be; null while unknown.</summary>
    public long? TotalSteps { get; init; }
}
