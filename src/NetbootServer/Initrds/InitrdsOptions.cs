using System.ComponentModel.DataAnnotations;

namespace NetbootServer.Initrds;

/// <summary>The <c>Initrds</c> settings.</summary>
public sealed class InitrdsOptions
{
    /// <summary>
    /// Store paths that are packed for initrds may take this many bytes; beyond it those go that no version needs, the
    /// longest unused first.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long CacheBytes { get; set; } = 5L << 30;
}
