using System.ComponentModel.DataAnnotations;
using NetbootServer.Http;

namespace NetbootServer.Blobs;

/// <summary>The <c>Blobs</c> settings.</summary>
public sealed class BlobsOptions
{
    /// <summary>The value of <c>Blobs</c> itself: where blobs are kept; empty for the data directory.</summary>
    [Example("/srv/netboot/blobs")]
    public string? Location { get; set; }

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

    /// <summary>How many known and unknown digests are remembered; a composed blob counts its segments.</summary>
    [Range(100, int.MaxValue)]
    public int MaxCachedEntries { get; set; } = 100_000;

    /// <summary>How many files are kept open between transfers; those being sent are open beside these.</summary>
    [Range(1, int.MaxValue)]
    public int MaxIdleFiles { get; set; } = 1_000;
}
