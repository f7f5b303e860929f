namespace NetbootServer.Jobs;

/// <summary>Where a job's work reports how far it is. Called from any thread, often.</summary>
public interface IJobProgress
{
    /// <summary>The present state; replaces the one before.</summary>
    void Report(JobProgress progress);

    /// <summary>A line for the job's log, without its line break; may have ANSI colours.</summary>
    void Log(string line);
}
