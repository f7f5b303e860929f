using System.Collections.Concurrent;

namespace NetbootServer.Images.Sources.Downloads;

/// <summary>The downloads that are not stored yet, one file per URL; two jobs that want the same take turns.</summary>
/// <param name="folder">Where they are; on the disk of the blobs, so that a whole one is moved there.</param>
/// <param name="minFreeBytes">What stays free on the disk.</param>
/// <param name="time">The clock.</param>
public sealed class PartialFiles(string folder, long minFreeBytes, TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>Opens what there is of a URL's download, once nobody else has it.</summary>
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

    /// <summary>Makes sure that so many more bytes fit on the disk.</summary>
    /// <exception cref="SourceException">They do not.</exception>
    internal void Room(long bytes)
    {
        var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free - bytes >= minFreeBytes) return;
        throw new SourceException(SourceProblems.StorageFull, $"There is no room for a download of {bytes} bytes: the " +
            $"disk has {free} free, of which {minFreeBytes} stay free (Blobs:MinFreeBytes). Delete versions or make room.");
    }

    // ENOSPC and EDQUOT, which .NET passes on as they are.
    internal static bool IsDiskFull(IOException e) => OperatingSystem.IsLinux() && e.HResult is 28 or 122;

    /// <summary>Removes downloads that nobody has gone on with for a week. Only while no job runs: at the start.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            if (time.GetUtcNow() - file.LastWriteTimeUtc > KeptFor) file.Delete();
    }
}
