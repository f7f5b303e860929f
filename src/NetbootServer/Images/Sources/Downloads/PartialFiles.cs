using System.Collections.Concurrent;

namespace NetbootServer.Images.Sources.Downloads;

/// <summary>The downloads that are not stored yet, one file per URL; two jobs that want the same take turns.</summary>
public sealed class PartialFiles(string folder, TimeProvider time)
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

    /// <summary>Removes downloads that nobody has gone on with for a week. Only while no job runs: at the start.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            if (time.GetUtcNow() - file.LastWriteTimeUtc > KeptFor) file.Delete();
    }
}
