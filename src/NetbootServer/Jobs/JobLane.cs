using Quartz;

namespace NetbootServer.Jobs;

/// <summary>The kinds of jobs.</summary>
public static class JobKinds
{
    /// <summary>Asks an image's source for what it has now.</summary>
    public const string Refresh = "refresh";

    /// <summary>Reads all blobs through and takes rotten ones out of service.</summary>
    public const string Scrub = "scrub";
}

/// <summary>What jobs are single-flight in: in each lane at most one job waits or runs.</summary>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Image">The image it works for; null for a job of the whole server.</param>
internal readonly record struct JobLane(string Kind, string? Image)
{
    private const string WholeServer = "server";

    /// <summary>The scrub.</summary>
    public static readonly JobLane Scrub = new(JobKinds.Scrub, null);

    /// <summary>The refreshes of an image.</summary>
    public static JobLane RefreshOf(string image) => new(JobKinds.Refresh, image);

    /// <summary>The lane that Quartz means.</summary>
    public static JobLane Of(JobKey key) => new(key.Group, key.Group == JobKinds.Scrub ? null : key.Name);

    /// <summary>What Quartz calls it.</summary>
    public JobKey Key => new(Image ?? WholeServer, Kind);

    /// <summary>What Quartz calls its schedule.</summary>
    public TriggerKey Schedule => new(Image ?? WholeServer, $"{Kind}-schedule");

    /// <summary>What it is for, in a sentence.</summary>
    public override string ToString() => Image is null ? Kind : $"{Kind} of image {Image}";
}
