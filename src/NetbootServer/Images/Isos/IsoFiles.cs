using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images.Layouts;
using NetbootServer.Jobs;
using NetbootServer.Nix.Stores;

namespace NetbootServer.Images.Isos;

/// <summary>Stores files of an ISO, within limits.</summary>
internal sealed class IsoFiles(IsoReader reader, IsoListing listing, SourceBlobs blobs, Artifact iso,
    SourcesOptions limits, IJobProgress progress)
{
    private long _total, _done;

    public SourceBlobs Blobs => blobs;

    /// <summary>
    /// Checks what is to be read: files in an ISO lie side by side, so that those which are larger than it, or all of
    /// it together, are a bomb.
    /// </summary>
    /// <exception cref="SourceException">They are too large.</exception>
    public void Expect(IEnumerable<LayoutFile> files)
    {
        foreach (var file in files)
        {
            var entry = listing.FileOf(file.Path);
            if (entry.Length > limits.MaxArtifactBytes)
                throw new SourceException(SourceProblems.TooLarge, $"{file.Path} in the ISO has " +
                    $"{SourceText.Bytes(entry.Length)}; {SourceText.Bytes(limits.MaxArtifactBytes)} are allowed " +
                    "(Images:MaxArtifactBytes).");
            _total += entry.Length;
            if (_total > iso.SizeBytes)
                throw IsoFault.Of($"has files of {SourceText.Bytes(_total)} in its " +
                    $"{SourceText.Bytes(iso.SizeBytes)}, which can only be a trap");
        }
        if (iso.SizeBytes + _total > limits.MaxVersionBytes)
            throw new SourceException(SourceProblems.TooLarge, $"The ISO and its files have " +
                $"{SourceText.Bytes(iso.SizeBytes + _total)} in all; {SourceText.Bytes(limits.MaxVersionBytes)} are " +
                "allowed (Images:MaxVersionBytes).");
    }

    /// <summary>Stores a file.</summary>
    /// <exception cref="SourceException">It is not what it should be, or cannot be read.</exception>
    public async Task<StoredBlob> StoreAsync(LayoutFile file, Func<BootFile, string?> judge, CancellationToken ct)
    {
        var entry = listing.FileOf(file.Path);
        StoredBlob? stored = null;
        await reader.ReadAsync(entry, async (stream, token) => stored = await blobs.AddAsync(stream, new BlobLimits
        {
            Length = entry.Length, Judge = judge,
        }, $"{file.Path} in the ISO", token), ct);
        _done += entry.Length;
        progress.Report(new JobProgress("opening the ISO") { DoneBytes = _done, TotalBytes = _total });
        return stored!;
    }
}
