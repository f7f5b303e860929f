namespace NetbootServer.Blobs;

/// <summary>
/// Names the boot that a download counts for when many boots stand in line; implemented by what knows boots. It must
/// not wait for anything.
/// </summary>
/// <param name="boot">The boot's token as the client gave it: untrusted text.</param>
/// <param name="file">The file name in the URL: untrusted text.</param>
/// <returns>The boot; null when there is no such boot, or the file is none of its image: then it never waits.</returns>
public delegate RecognizedBoot? BootRecognizing(string boot, string file);

/// <summary>A boot that a download counts for.</summary>
/// <param name="Id">The boot.</param>
/// <param name="Machine">Row key of its machine; 0 when it has no record.</param>
public readonly record struct RecognizedBoot(string Id, long Machine);

/// <summary>Notified when a boot was queued instead of getting its file; it asks again after a while.</summary>
/// <param name="boot">The boot, as <see cref="BootRecognizing"/> named it.</param>
/// <param name="file">The file name in the URL, one that was recognized.</param>
/// <param name="place">Its place; 1 is next.</param>
/// <param name="retryAfter">When it will ask again.</param>
public delegate void BootQueued(string boot, string file, int place, TimeSpan retryAfter);
