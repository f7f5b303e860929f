namespace NetbootServer.Blobs;

/// <summary>
/// Names the boot that a download counts for when many boots stand in line; implemented by what knows boots. It must
/// not wait for anything.
/// </summary>
/// <param name="boot">The boot's token as the client gave it: untrusted text.</param>
/// <param name="file">The file name in the URL: untrusted text.</param>
/// <returns>The boot; null when there is no such boot, or the file is none of its image: then it never waits.</returns>
public delegate string? BootRecognizing(string boot, string file);

/// <summary>Told that a boot was given a place in line instead of its file; it asks again after a while.</summary>
/// <param name="boot">The boot, as <see cref="BootRecognizing"/> named it.</param>
/// <param name="file">The file name in the URL, one that was recognized.</param>
/// <param name="place">Its place; 1 is next.</param>
/// <param name="retryAfter">When it will ask again.</param>
public delegate void BootQueued(string boot, string file, int place, TimeSpan retryAfter);
