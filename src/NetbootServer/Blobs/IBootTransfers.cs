using NetbootServer.Serving.Bodies;

namespace NetbootServer.Blobs;

/// <summary>
/// Relates downloads to boots (<c>?boot=</c>); implemented by the folder that knows boots. Its methods must not wait.
/// </summary>
public interface IBootTransfers
{
    /// <summary>Begins to follow a transfer, just before its first byte leaves.</summary>
    /// <param name="http">The request.</param>
    /// <param name="boot">The boot's token as the client gave it: untrusted text.</param>
    /// <param name="file">The file name in the URL: untrusted text.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="offset">The first byte that is sent.</param>
    /// <param name="length">How many bytes are sent.</param>
    /// <returns>What counts the bytes; null when there is no such boot, which never refuses the bytes.</returns>
    TransferMeter? Begin(HttpContext http, string boot, string file, Sha256Digest digest, long offset, long length);

    /// <summary>Finds the boot that a download counts for when many boots are queued.</summary>
    /// <param name="boot">The boot's token as the client gave it: untrusted text.</param>
    /// <param name="file">The file name in the URL: untrusted text.</param>
    /// <returns>
    /// The boot; null when there is no such boot, or the file is none of its image: then it never waits.
    /// </returns>
    RecognizedBoot? Recognize(string boot, string file);

    /// <summary>A boot was given a place in the queue instead of its file; it asks again after a while.</summary>
    /// <param name="boot">The boot.</param>
    /// <param name="place">Its place; 1 is next.</param>
    /// <param name="retryAfter">When it will ask again.</param>
    void Queued(RecognizedBoot boot, int place, TimeSpan retryAfter);
}

/// <summary>A boot that a download counts for.</summary>
/// <param name="Id">The boot.</param>
/// <param name="Machine">Row key of its machine; 0 when it has no record.</param>
public readonly record struct RecognizedBoot(string Id, long Machine);
