using System.Formats.Tar;
using System.IO.Compression;
using System.Text.RegularExpressions;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;

namespace NetbootServer.Sources.Urls;

/// <summary>Takes one file out of a zip archive, or of a tar archive, plain or compressed by gzip.</summary>
/// <param name="tools">Where the archive is, and the file goes.</param>
/// <param name="maxBytes">The most bytes that the file may have, and those before it in a tar archive together.</param>
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
        var names = new Regex($@"\A(?:\./)?{Regex.Escape(member).Replace(@"\*", ".*", StringComparison.Ordinal)}\z",
            RegexOptions.NonBacktracking);
        var limits = new BlobLimits { MaxLength = maxBytes, Judge = judge };
        await using var bytes = tools.Blobs.OpenBlob(archive.Digest);
        try
        {
            if (archive.File.Kind == BootFileKind.Zip) return await OfZipAsync(bytes, names, member, limits, what, ct);
            if (archive.File.Kind == BootFileKind.Tar) return await OfTarAsync(bytes, names, member, limits, what, ct);
            if (archive.File.IsTarball)
            {
                await using var unpacked = new GZipStream(bytes, CompressionMode.Decompress);
                return await OfTarAsync(unpacked, names, member, limits, what, ct);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new SourceException(SourceProblems.Damaged, $"{what} cannot be unpacked: {e.Message}", e);
        }
        throw new SourceException(SourceProblems.NotBootable,
            $"{what}: This is {archive.File.Description}, not a zip or tar archive that a 'member' could be taken " +
            "from.");
    }

    private async Task<StoredBlob> OfZipAsync(Stream bytes, Regex names, string member, BlobLimits limits,
        string what, CancellationToken ct)
    {
        await using var zip = new ZipArchive(bytes, ZipArchiveMode.Read);
        var found = zip.Entries.Where(entry => names.IsMatch(entry.FullName)).Take(2).ToList();
        if (found is not [var only])
            throw NotOne(found.Count, member, what, zip.Entries.Select(entry => entry.FullName).Take(Shown));
        if (only.Length > maxBytes) throw TooLarge(member, what);
        await using var file = await only.OpenAsync(ct);
        return await tools.Blobs.AddAsync(file, limits, $"{what}, {only.FullName}", ct);
    }

    private async Task<StoredBlob> OfTarAsync(Stream bytes, Regex names, string member, BlobLimits limits,
        string what, CancellationToken ct)
    {
        await using var tar = new TarReader(bytes);
        var (seen, passed, stored) = (new List<string>(), 0L, (StoredBlob?)null);
        while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
        {
            if (seen.Count < Shown) seen.Add(entry.Name);
            // Bytes that are only passed over are unpacked, too.
            if (entry.Length > maxBytes || (passed += entry.Length) > 8 * maxBytes) throw TooLarge(entry.Name, what);
            if (!names.IsMatch(entry.Name) || entry.DataStream is not { } data) continue;
            if (stored is not null) throw NotOne(2, member, what, seen);
            stored = await tools.Blobs.AddAsync(data, limits, $"{what}, {entry.Name}", ct);
        }
        return stored ?? throw NotOne(0, member, what, seen);
    }

    private static SourceException TooLarge(string member, string what) =>
        new(SourceProblems.TooLarge, $"'{SourceText.Quote(member)}' in {what} is larger than is allowed.");

    private static SourceException NotOne(int count, string member, string what, IEnumerable<string> names) =>
        new(SourceProblems.NotBootable, $"{what} has {(count == 0 ? "no" : "more than one")} '{member}'; there are: " +
            $"{SourceText.Quote(string.Join(", ", names))}.");
}
