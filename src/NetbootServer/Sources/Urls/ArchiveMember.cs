using System.Text.RegularExpressions;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Images.Isos;

namespace NetbootServer.Sources.Urls;

/// <summary>
/// Takes one file out of a zip archive, or of a tar archive, plain or compressed by gzip. The archive is read by bsdtar
/// within limits, as ISOs are: a mirror chooses how many entries it has, and how long their headers are.
/// </summary>
/// <param name="tools">Where the archive is, and the file goes.</param>
/// <param name="maxBytes">The most bytes that the file may have.</param>
internal sealed class ArchiveMember(UrlTools tools, long maxBytes)
{
    private const int Shown = 20;

    /// <summary>Stores the file.</summary>
    /// <param name="archive">The archive, stored.</param>
    /// <param name="member">The file's path in it; '*' stands for any characters.</param>
    /// <param name="judge">Answers a complaint about what the file is, or null.</param>
    /// <param name="what">Where the archive comes from, for messages.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SourceException">It has no such file, several, or cannot be read.</exception>
    public async Task<StoredBlob> TakeAsync(StoredBlob archive, string member, Func<BootFile, string?> judge,
        string what, CancellationToken ct)
    {
        if (archive.File.Kind is not (BootFileKind.Zip or BootFileKind.Tar) && !archive.File.IsTarball)
            throw new SourceException(SourceProblems.NotBootable,
                $"{what}: This is {archive.File.Description}, not a zip or tar archive that a 'member' could be " +
                "taken from.");
        var path = await tools.Blobs.FileOfAsync(archive.Digest, ct)
            ?? throw new SourceException(SourceProblems.Damaged, $"{what} was removed from the blob store meanwhile.");
        var reader = new IsoReader(path) { Subject = what };
        var entries = (await reader.LinesAsync(ct)).Select(IsoEntry.Parse).OfType<IsoEntry>().ToList();
        var only = Find(entries, member, what);
        if (only.Length > maxBytes)
            throw new SourceException(SourceProblems.TooLarge,
                $"'{SourceText.Quote(only.Path)}' in {what} has {SourceText.Bytes(only.Length)}; " +
                $"{SourceText.Bytes(maxBytes)} are allowed (Images:MaxArtifactBytes).");
        StoredBlob? stored = null;
        var limits = new BlobLimits { Length = only.Length, Judge = judge };
        await reader.ReadAsync(only, async (stream, token) =>
            stored = await tools.Blobs.AddAsync(stream, limits, $"{what}, {only.Path}", token), ct);
        return stored!;
    }

    private static IsoEntry Find(List<IsoEntry> entries, string member, string what)
    {
        var names = new Regex($@"\A(?:\./)?{Regex.Escape(member).Replace(@"\*", ".*", StringComparison.Ordinal)}\z",
            RegexOptions.NonBacktracking);
        var found = entries.Where(entry => entry is { Kind: '-', IsPlain: true } && names.IsMatch(entry.Path)).Take(2)
            .ToList();
        return found is [var only] ? only : throw new SourceException(SourceProblems.NotBootable,
            $"{what} has {(found.Count == 0 ? "no" : "more than one")} '{member}'; there are: " +
            $"{SourceText.Quote(string.Join(", ", entries.Take(Shown).Select(entry => entry.Path)))}.");
    }
}
