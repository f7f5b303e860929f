using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using NetbootServer.Hosting;

namespace NetbootServer.Blobs;

/// <summary>The <c>Blobs</c> settings.</summary>
public sealed class BlobsOptions
{
    /// <summary>The value of <c>Blobs</c> itself: where blobs are kept; empty for the data directory.</summary>
    [Example("/srv/netboot/blobs")]
    public string? Location { get; set; }

    /// <summary>
    /// Base URL of a cache or CDN that has <c>/blobs</c> of this server behind it; scripts then point there, and this
    /// server does not see how far downloads have come. Null for none.
    /// </summary>
    [BaseUrl]
    [Example("http://cache.example:8081")]
    public string? PublicUrl
    {
        get;
        set => field = string.IsNullOrEmpty(value) ? null : value; // set empty to take back one that a file names
    }

    /// <summary>The same without a slash at the end, for URLs that go on from it.</summary>
    public string? CacheUrl() => PublicUrl?.TrimEnd('/');

    /// <summary>All blobs together may take this many bytes; null for no limit.</summary>
    [Range(0, long.MaxValue)]
    [Example("500GiB")]
    public long? MaxBytes { get; set; }

    /// <summary>New blobs leave at least this many bytes free on the disk.</summary>
    [Range(0, long.MaxValue)]
    public long MinFreeBytes { get; set; } = 1L << 30;

    /// <summary>
    /// So many boots download their kernel or initrd at once, the others stand in line; null for all.
    /// </summary>
    [Range(1, int.MaxValue)]
    [Example("64")]
    public int? MaxBootDownloads { get; set; }

    /// <summary>
    /// While others wait, a boot's download that is slower than so many bytes a second goes on without its seat; 0 for
    /// never.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long MinBootDownloadBytesPerSecond { get; set; } = 16 << 10;

    /// <summary>While others wait, a boot's download that has lasted so long goes on without its seat.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan MaxBootDownloadTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many known and unknown digests are remembered; a composed blob counts its segments.</summary>
    [Range(100, int.MaxValue)]
    public int MaxCachedEntries { get; set; } = 100_000;

    /// <summary>How many files are kept open between transfers; those being sent are open beside these.</summary>
    [Range(1, int.MaxValue)]
    public int MaxIdleFiles { get; set; } = 1_000;
}

/// <summary>
/// A base URL that can stand in a script as it is: http or https, no query, nothing that iPXE would read as syntax.
/// </summary>
internal sealed partial class BaseUrlAttribute : ValidationAttribute
{
    public BaseUrlAttribute() : base("must be an http or https URL without a query, such as http://cache.example:8081")
    {
    }

    public override bool IsValid(object? value) => value is null
        || (value is string text && Shape().IsMatch(text) && Uri.TryCreate(text, UriKind.Absolute, out _));

    [GeneratedRegex(@"\Ahttps?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?\z")]
    private static partial Regex Shape();
}
