using System.ComponentModel.DataAnnotations;
using NetbootServer.Jobs;

namespace NetbootServer.Operations;

/// <summary>Settings of scrubs, which are among those of jobs: <c>Jobs</c>.</summary>
public sealed record ScrubOptions : IValidatableObject
{
    /// <summary>
    /// When all blobs are read through to find rotten ones, as cron in UTC (see <see cref="CronSchedule"/>); empty for
    /// never.
    /// </summary>
    public string ScrubSchedule { get; init; } = "0 2 * * 6";

    /// <summary>A scrub reads at most this many bytes a second, so that boots keep the disk.</summary>
    [Range(1 << 20, long.MaxValue)]
    public long ScrubBytesPerSecond { get; init; } = 64 << 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ScrubSchedule.Length == 0) yield break;
        if (CronSchedule.Fault(ScrubSchedule) is { } fault)
            yield return new($"{fault}; or be empty", [nameof(ScrubSchedule)]);
        else if (CronSchedule.Next(ScrubSchedule, TimeZoneInfo.Utc, DateTimeOffset.UtcNow) is null)
            yield return new("names a time that never comes", [nameof(ScrubSchedule)]);
    }
}
