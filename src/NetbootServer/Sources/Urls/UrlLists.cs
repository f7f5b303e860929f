using NetbootServer.Downloads;
using NetbootServer.Sources.Signatures;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Urls;

/// <summary>The lists of digests of one try: each is read once, and looked at again at the end.</summary>
internal sealed class UrlLists(UrlSpec spec, UrlTools tools, SourceMeter meter)
{
    private readonly Dictionary<string, SumsFile> _read = new(StringComparer.Ordinal);

    private readonly Dictionary<string, SignedBy> _signers = new(StringComparer.Ordinal);

    /// <summary>Who has signed each first list, by its address before <c>{version}</c> is filled in.</summary>
    public SortedDictionary<string, SignedBy> Signed { get; } = new(StringComparer.Ordinal);

    private readonly List<(SumsFile List, SourceLink File, ExpectedDigest Digest)> _found = [];

    /// <summary>What a file of the source must be by the lists.</summary>
    /// <param name="system">The Nix system.</param>
    /// <param name="version">The version; null without one.</param>
    /// <param name="file">Where the file is.</param>
    /// <param name="unfilled">The same before <c>{version}</c> is filled in.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="SourceException">No list has it, or a list is not what it must be.</exception>
    public async Task<ExpectedDigest> FindAsync(string system, string? version, SourceLink file, string unfilled,
        CancellationToken ct)
    {
        SumsFile? list = null;
        foreach (var url in spec.SumsFiles)
        {
            var link = tools.Rules.Root(UrlPlaceholders.Fill(url, system, version, file.Uri.AbsoluteUri));
            var isFirst = list is null;
            list = await ReadAsync(link, list, system, version, ct);
            if (isFirst && _signers.TryGetValue(link.Uri.AbsoluteUri, out var by))
                Signed[UrlPlaceholders.Fill(url, system, null, unfilled)] = by;
        }
        var digest = list!.Find(file);
        _found.Add((list, file, digest));
        return digest;
    }

    private async Task<SumsFile> ReadAsync(SourceLink link, SumsFile? pinnedBy, string system, string? version,
        CancellationToken ct)
    {
        if (_read.TryGetValue(link.Uri.AbsoluteUri, out var known)) return known;
        var bytes = (await tools.Downloads.ReadAsync(link, SumsFile.MaxBytes, meter, ct)).Bytes;
        // Mirrors get them one after the other.
        if (pinnedBy?.Find(link) is { } digest && !digest.IsOf(bytes))
            throw new SourceException(SourceProblems.Changing,
                $"{link} has not the {digest.Shown} that {pinnedBy.Link} says.");
        if (pinnedBy is null && spec.Signature is { } signature)
            bytes = await SignedAsync(signature, link, bytes, system, version, ct);
        return _read[link.Uri.AbsoluteUri] = SumsFile.Parse(bytes, link);
    }

    /// <summary>What of a list is signed.</summary>
    private async Task<byte[]> SignedAsync(SignatureSpec signature, SourceLink link, byte[] bytes, string system,
        string? version, CancellationToken ct)
    {
        var check = new SignatureCheck(signature.Keys);
        SignedBy by;
        if (signature.Url is null)
        {
            (bytes, by) = await check.OpenAsync(bytes, $"{link}", ct);
        }
        else
        {
            var at = tools.Rules.Root(UrlPlaceholders.Fill(signature.Url, system, version, link.Uri.AbsoluteUri));
            var document = await tools.Downloads.ReadAsync(at, SignatureCheck.MaxBytes, meter, ct);
            by = await check.CheckAsync(bytes, document.Bytes, $"{link}", ct);
        }
        meter.Log($"{link} is signed by {by.Key}{(by.At is { } at2 ? $", {at2:yyyy-MM-dd HH:mm} UTC" : "")}");
        _signers[link.Uri.AbsoluteUri] = by;
        return bytes;
    }

    /// <summary>Makes sure that the lists still say what they said.</summary>
    /// <exception cref="SourceException">One does not.</exception>
    public async Task CheckUnchangedAsync(CancellationToken ct)
    {
        var now = new Dictionary<SumsFile, SumsFile>();
        foreach (var (list, file, digest) in _found)
        {
            if (!now.TryGetValue(list, out var again))
                now[list] = again = SumsFile.Parse((await tools.Downloads.ReadAsync(list.Link, SumsFile.MaxBytes, meter,
                    ct)).Bytes, list.Link);
            if (again.Find(file) != digest)
                throw new SourceException(SourceProblems.Changing,
                    $"{list.Link} got another digest of {file} while its files were read.");
        }
    }
}
