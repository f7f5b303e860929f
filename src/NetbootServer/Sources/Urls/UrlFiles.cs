using System.Security.Cryptography;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Sources.Signatures;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Urls;

/// <summary>Fetches the files of one try: what is here already does not come again.</summary>
internal sealed class UrlFiles(UrlTools tools, UrlHistory history, SignatureSpec? signature, SignatureAge age,
    SourceMeter meter, Action<string> announce)
{
    private readonly Dictionary<string, UrlFile> _files = new(StringComparer.Ordinal);

    /// <summary>Who has signed each file, by its address before <c>{version}</c> is filled in.</summary>
    public IEnumerable<KeyValuePair<string, SignedBy>> Signed => _files.Values
        .Where(file => file is { SignedBy: not null, Unfilled: not null })
        .Select(file => KeyValuePair.Create(file.Unfilled!, file.SignedBy!));

    /// <summary>The file at an address, which is for a role of a system.</summary>
    /// <param name="link">The address.</param>
    /// <param name="expected">What it must be; null when nothing pins it.</param>
    /// <param name="signed">Where its own signature is; null when it has none.</param>
    /// <param name="use">What it is for.</param>
    /// <param name="system">The Nix system that it is for.</param>
    /// <exception cref="SourceException">It must be different things at once.</exception>
    public UrlFile Add(SourceLink link, ExpectedDigest? expected, SourceLink? signed, UrlFileSpec use, string system)
    {
        var address = link.Uri.AbsoluteUri;
        if (!_files.TryGetValue(address, out var file)) _files[address] = file = new UrlFile(link, expected);
        else if (file.Expected != expected)
            throw new SourceException(SourceProblems.BadAnswer, $"{link} stands there with two different digests.");
        file.Signature ??= signed;
        file.AddUse(use.Role, system, whole: use.Member is null);
        return file;
    }

    /// <summary>Fetches what is not here.</summary>
    /// <exception cref="SourceException">A file cannot be had, or is not what it must be.</exception>
    public async Task FetchAsync(CancellationToken ct)
    {
        foreach (var file in _files.Values) await LookAsync(file, ct);
        meter.Phase("downloading");
        await AnnounceAsync(ct);
        foreach (var file in _files.Values.Where(file => file.Blob is null)) await FetchAsync(file, ct);
    }

    private async Task LookAsync(UrlFile file, CancellationToken ct)
    {
        var known = file.Expected is { Sha512: { } sha512 } ? history.Sha256Of(sha512) : file.Expected?.Sha256;
        if (known is { } digest && await tools.Blobs.FindAsync(digest, ct) is { } here) Take(file, here);
        // What is still what an earlier version has does not come; the answer to the download says so.
        else if (await BeforeAsync(file, ct) is null) file.Likely = await SizeOfAsync(file.Link, ct);
    }

    private static void Take(UrlFile file, StoredBlob blob)
    {
        if (file.Complaint(blob.File) is { } complaint)
            throw new SourceException(SourceProblems.NotBootable, $"{file.Link}: {complaint}");
        file.Blob = blob;
    }

    private async Task<long?> SizeOfAsync(SourceLink link, CancellationToken ct)
    {
        try
        {
            using var answer = await tools.Http.AskAsync(link, new SourceRequestOptions(), ct);
            return answer.Length;
        }
        catch (SourceException)
        {
            return null; // the download itself says what is wrong
        }
    }

    /// <summary>Says how much there is to come, and makes sure that it fits, before the first byte does.</summary>
    private async Task AnnounceAsync(CancellationToken ct)
    {
        var now = _files.Values.Where(file => file is { Blob: null, Likely: not null }).ToList();
        var bytes = now.Sum(file => file.Likely!.Value);
        if (bytes == 0) return;
        meter.ExpectBytes(bytes);
        await tools.Blobs.CheckCapacityAsync(bytes,
            now.Sum(file => Math.Min(file.Likely!.Value, tools.Downloads.HeldBytes(file.Link))), ct);
        announce($"fetching {SourceText.Bytes(bytes)}: " + string.Join(", ",
            now.Select(file => $"{file.Link.Uri.Segments[^1]} ({SourceText.Bytes(file.Likely!.Value)})")));
    }

    private async Task FetchAsync(UrlFile file, CancellationToken ct)
    {
        var before = await BeforeAsync(file, ct);
        meter.Log($"fetching {file.Link}");
        var wish = new DownloadRequest { Likely = file.Likely, Unless = before?.Validator, Hashed = true };
        using var download = await tools.Downloads.FetchAsync(file.Link, wish, meter, ct);
        if (download is null)
        {
            file.Validator = before!.Validator;
            file.SignedBy = file.Signature is null ? null : before.By;
            Take(file, (await tools.Blobs.FindAsync(before.Digest, ct))!);
            return;
        }
        if (file.Expected?.Sha512 is { } sha512) await CheckAsync(download, sha512, ct);
        if (file.Signature is { } at) file.SignedBy = await CheckSignatureAsync(file, download, at, ct);
        var limits = new BlobLimits { Digest = file.Expected?.Sha256, Judge = file.Complaint };
        file.Validator = download.Validator;
        file.Blob = await tools.Blobs.AddAsync(download, limits, ct);
    }

    private async Task<SignedBy> CheckSignatureAsync(UrlFile file, Download download, SourceLink at,
        CancellationToken ct)
    {
        try
        {
            var document = await tools.Downloads.ReadAsync(at, SignatureCheck.MaxBytes, meter, ct);
            var by = await new SignatureCheck(signature!.Keys)
                .CheckFileAsync(download.Path, document.Bytes, $"{download.Link}", ct);
            meter.Log($"{download.Link} is signed by {by.Key}");
            age.Check(file.Unfilled!, by);
            return by;
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Unsigned || e.Problem == SourceProblems.Changing)
        {
            download.Delete();
            throw;
        }
    }

    private static async Task CheckAsync(Download download, string sha512, CancellationToken ct)
    {
        await using var bytes = download.Open();
        if (Convert.ToHexStringLower(await SHA512.HashDataAsync(bytes, ct)) == sha512) return;
        download.Delete();
        throw new SourceException(SourceProblems.Damaged,
            $"{download.Link} has another SHA-512 than the {sha512} announced.");
    }

    /// <summary>What an earlier version has of a file that nothing pins, if its bytes are still here.</summary>
    private async Task<UrlHistoryEntry?> BeforeAsync(UrlFile file, CancellationToken ct) =>
        file.Expected is null && history.Find(file.Link) is { CanAsk: true } entry
            && (file.Signature is null || entry.Keys == signature!.KeysId)
            && await tools.Blobs.HasAsync(entry.Digest, ct) ? entry : null;

    /// <summary>Makes sure that no file was replaced which nothing pins.</summary>
    /// <exception cref="SourceException">One was.</exception>
    public async Task CheckUnchangedAsync(CancellationToken ct)
    {
        foreach (var file in _files.Values.Where(file => file is { Expected: null, Blob: not null }))
        {
            using var answer = await tools.Http.AskAsync(file.Link,
                new SourceRequestOptions { Unless = file.Validator }, ct);
            if (!answer.NotModified && !IsSame(file, answer))
                throw new SourceException(SourceProblems.Changing,
                    $"{file.Link} was replaced while the files of a version were read.");
        }
    }

    /// <summary>Mirrors behind one name give the same file different ETags, but keep its date.</summary>
    private static bool IsSame(UrlFile file, SourceAnswer answer) =>
        (answer.Length is null || answer.Length == file.Blob!.Length)
        && (answer.Validator == file.Validator || (file.Validator?.LastModified is { } date
            && answer.Validator?.LastModified == date));
}
