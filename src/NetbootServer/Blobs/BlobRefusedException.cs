using NetbootServer.Api;

namespace NetbootServer.Blobs;

/// <summary>Why bytes were not stored.</summary>
public enum BlobRefusal
{
    /// <summary>The disk would be left with less than <c>Blobs:MinFreeBytes</c>, or is full.</summary>
    DiskFull,

    /// <summary>All blobs together would pass <c>Blobs:MaxBytes</c>.</summary>
    StoreFull,

    /// <summary>There are more than allowed or announced.</summary>
    TooLong,

    /// <summary>They ended before the announced length.</summary>
    Truncated,

    /// <summary>Their digest is not the announced one.</summary>
    WrongDigest,

    /// <summary>They are not what they should be, by <see cref="BlobLimits.Judge"/>.</summary>
    WrongKind,

    /// <summary>The folder of blobs is away or cannot be written; passes.</summary>
    StoreAway,
}

/// <summary>Bytes were not stored, and nothing of them remains.</summary>
/// <param name="refusal">Why.</param>
/// <param name="message">A full sentence that says what to do when something can be done.</param>
public sealed class BlobRefusedException(BlobRefusal refusal, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public BlobRefusal Refusal { get; } = refusal;

    /// <summary>The setting that drew the line, such as <c>Blobs:MinFreeBytes</c>; null when none did.</summary>
    public string? Setting { get; init; }

    /// <summary>Bytes that would have been needed; for the two full cases.</summary>
    public long? NeedBytes { get; init; }

    /// <summary>Bytes that there were; for the two full cases.</summary>
    public long? HaveBytes { get; init; }

    /// <summary>What it means for a client that did not send the bytes: an <see cref="ExceptionProblem"/>.</summary>
    internal static Problem? ProblemOf(Exception error) => error is not BlobRefusedException refused ? null
        : refused.Refusal switch
        {
            BlobRefusal.DiskFull or BlobRefusal.StoreFull => new(ProblemTypes.StorageFull, refused.Message),
            BlobRefusal.StoreAway => new(ProblemTypes.StorageAway, refused.Message),
            _ => null,
        };
}
