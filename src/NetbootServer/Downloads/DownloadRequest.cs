namespace NetbootServer.Downloads;

/// <summary>What is known of a file before it is downloaded.</summary>
public sealed record DownloadRequest
{
    /// <summary>Nothing.</summary>
    public static DownloadRequest Any { get; } = new();

    /// <summary>Its exact length in bytes, when announced; the meter expects these bytes already.</summary>
    public long? Length { get; init; }

    /// <summary>
    /// Its probable length in bytes; the meter expects these until the answer says how many there are.
    /// </summary>
    public long? Likely { get; init; }

    /// <summary>Whether its SHA-256 is made on the way: then it becomes a blob without being read again.</summary>
    public bool Hashed { get; init; }

    /// <summary>Value of Accept; null: none is sent.</summary>
    public string? Accept { get; init; }

    /// <summary>The state that is here already; not downloaded again while it has that.</summary>
    public SourceValidator? Unless { get; init; }
}
