using NetbootServer.Archives;

namespace NetbootServer.Blobs;

/// <summary>What the bytes to be stored must be; anything else is refused and leaves nothing behind.</summary>
public sealed record BlobLimits
{
    /// <summary>Nothing is known: any bytes that there is room for.</summary>
    public static BlobLimits None { get; } = new();

    /// <summary>Their exact number, when announced; room for all of them is checked before the first is read.</summary>
    public long? Length { get; init; }

    /// <summary>The most there may be, in bytes.</summary>
    public long? MaxLength { get; init; }

    /// <summary>Their digest, when known beforehand.</summary>
    public Sha256Digest? Digest { get; init; }

    /// <summary>
    /// Judges them by what they are, as soon as the first ones are there; answers a complaint, or null.
    /// </summary>
    public Func<BootFile, string?>? Judge { get; init; }
}
