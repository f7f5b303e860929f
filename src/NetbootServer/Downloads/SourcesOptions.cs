using System.ComponentModel.DataAnnotations;
using NetbootServer.Hosting;

namespace NetbootServer.Downloads;

/// <summary>What sources may reach, and how long and how much they may take: the section <c>Images</c>.</summary>
public sealed class SourcesOptions
{
    /// <summary>
    /// URL prefixes that sources, and URLs found in their documents, may name; empty: any http and https.
    /// </summary>
    [Example("https://github.com/nix-community/")]
    public IList<string> AllowedSources { get; } = [];

    /// <summary>
    /// Folders that <c>directory</c> sources and local installables may read, symbolic links resolved; empty: none.
    /// </summary>
    [Example("/srv/images")]
    public IList<string> DirectoryRoots { get; } = [];

    /// <summary>The greatest single file or store path, in bytes.</summary>
    [Range(1, long.MaxValue)]
    public long MaxArtifactBytes { get; set; } = 8L << 30;

    /// <summary>The most that one version may fetch in all, in bytes.</summary>
    [Range(1, long.MaxValue)]
    public long MaxVersionBytes { get; set; } = 64L << 30;

    /// <summary>A connection that gives no byte for so long is given up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may take to be made.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A download slower than this over <see cref="RateWindow"/> is given up.</summary>
    [Range(0, int.MaxValue)]
    public int MinBytesPerSecond { get; set; } = 1024;

    /// <summary>The time over which <see cref="MinBytesPerSecond"/> is measured.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RateWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How often a request that failed in passing is tried again; progress of 1 MiB starts the count anew.
    /// </summary>
    [Range(0, 100)]
    public int Retries { get; set; } = 5;

    /// <summary>The pause before the first new try; it doubles from try to try, up to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Store paths that one refresh fetches side by side.</summary>
    [Range(1, 64)]
    public int ParallelPaths { get; set; } = 4;
}
