using System.Collections.Concurrent;

namespace NetbootServer.Downloads;

/// <summary>The downloads that are not stored yet, one file per URL; two jobs that want the same take turns.</summary>
/// <param name="folder">Where they are; on the disk of the blobs, so that a whole one is moved there.</param>
/// <param name="room">Makes sure that a file of so many bytes, of which so many are here, may come.</param>
/// <param name="time">The clock.</param>
public sealed class PartialFiles(string folder, Func<long, long, CancellationToken, Task> room, TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>Opens what there is of a URL's download, once no other download uses it.</summary>
    internal async Task<PartialFile> OpenAsync(string url, CancellationToken ct)
    {
        var turn = _turns.GetOrAdd(url, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(ct);
        try
        {
            return PartialFile.Open(folder, url, () => turn.Release());
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <summary>Bytes that the disk has of a URL's download.</summary>
    internal long HeldBytes(string url) => PartialFile.HeldBytes(folder, url);

    /// <summary>
    /// Makes sure that a file of so many bytes, of which so many are here, fits on the disk and into the limits.
    /// </summary>
    /// <exception cref="SourceException">It does not.</exception>
    internal Task RoomAsync(long length, long here, CancellationToken ct) => room(length, here, ct);

    /// <summary>Removes partial downloads that were not resumed for a week. Only while no import runs.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            if (time.GetUtcNow() - file.LastWriteTimeUtc > KeptFor) file.Delete();
    }
}
