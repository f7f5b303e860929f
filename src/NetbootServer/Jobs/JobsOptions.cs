using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Jobs;

/// <summary>Settings of jobs: <c>Jobs</c>.</summary>
public sealed record JobsOptions
{
    /// <summary>How many tries a job has when what failed may pass by itself.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 6;

    /// <summary>The wait before the second try; it doubles from try to try, up to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ErrorMessage = "must be from 0 seconds to 1 hour")]
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A job with a schedule that failed, all of its tries, is tried again after this time, and so on until it
    /// succeeds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ErrorMessage = "must be from 1 second to 7 days")]
    public TimeSpan RetryFailedAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A scheduled refresh begins within this time, at random, so that not all servers ask at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "must be from 0 seconds to 1 day")]
    public TimeSpan Jitter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes of a job's log; past that all but its last lines is left out.</summary>
    [Range(64 * 1024, 1 << 30)]
    public long MaxLogBytes { get; init; } = 4 << 20;

    /// <summary>Ended jobs kept, with their logs; the oldest go first.</summary>
    [Range(1, 100_000)]
    public int Keep { get; init; } = 500;
}

/// <summary>How many jobs run at once. The setting is among those of images, where it began: <c>Images</c>.</summary>
public sealed record JobLimits
{
    /// <summary>Jobs at once, scrubs among them.</summary>
    [Range(1, 64)]
    public int MaxConcurrentJobs { get; init; } = 2;
}
