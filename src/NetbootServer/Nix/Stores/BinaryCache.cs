using System.Collections.Immutable;
using System.Text;
using NetbootServer.Downloads;
using NetbootServer.Nix.Nars;

namespace NetbootServer.Nix.Stores;

/// <summary>
/// A binary cache over HTTP (Nix manual, "HTTP Binary Cache Store"). Nothing it says is believed unless one of the
/// trusted keys has signed it: path, hash, length and references; the rest only helps to find the bytes.
/// </summary>
public sealed class BinaryCache : INixStore
{
    private const int MaxCacheInfoBytes = 64 * 1024;

    private readonly SourceDownloads _downloads;
    private readonly SourceRules _rules;
    private readonly SourceMeter _meter;
    private readonly SourceLink _root;
    private readonly ImmutableArray<CacheKey> _keys;
    private readonly Lazy<Task> _checked;

    /// <summary>The cache at <paramref name="url"/>; at least one key is needed.</summary>
    /// <exception cref="SourceException">The address may not be fetched.</exception>
    public BinaryCache(string url, ImmutableArray<CacheKey> keys, SourceDownloads downloads, SourceRules rules,
        SourceMeter meter, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(rules);
        (_downloads, _rules, _meter, _keys) = (downloads, rules, meter, keys);
        _root = rules.Root(url.Split('?')[0].TrimEnd('/') + "/");
        _checked = new Lazy<Task>(() => CheckAsync(ct));
    }

    /// <inheritdoc/>
    public string Name => _root.ToString();

    /// <summary>A cache of another store folder has nothing that would work here.</summary>
    private async Task CheckAsync(CancellationToken ct)
    {
        try
        {
            var answer = await _downloads.ReadAsync(_rules.Found(_root, "nix-cache-info"), MaxCacheInfoBytes, _meter,
                ct);
            var line = Encoding.UTF8.GetString(answer.Bytes).Split('\n')
                .FirstOrDefault(text => text.StartsWith("StoreDir: ", StringComparison.Ordinal));
            if (line is not null && line["StoreDir: ".Length..].TrimEnd() != StorePath.Folder)
                throw new SourceException(SourceProblems.BadAnswer,
                    $"{Name} is a cache of the store '{SourceText.Quote(line["StoreDir: ".Length..])}', not of " +
                    $"{StorePath.Folder}.");
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing)
        {
            // Some caches have none; then the narinfos say.
        }
    }

    /// <inheritdoc/>
    public async Task<PathInfo> InfoAsync(StorePath path, CancellationToken ct)
    {
        await _checked.Value;
        var document = await ReadAsync(path, ct);
        NarInfo info;
        try
        {
            info = NarInfo.Parse(document.Bytes);
        }
        catch (InvalidDataException e)
        {
            throw new SourceException(SourceProblems.BadAnswer, $"{document.Link}: {e.Message}", e);
        }
        if (info.Path != path)
            throw new SourceException(SourceProblems.Damaged,
                $"{document.Link} is about {info.Path}, not about {path}.");
        var from = _root with { FromPublic = document.Link.FromPublic, FromSecure = document.Link.FromSecure };
        return new CachedPath
        {
            Path = path,
            NarHash = info.NarHash,
            NarSize = info.NarSize,
            References = info.References,
            Deriver = info.Deriver,
            Nar = _rules.Found(from, info.Url),
            Compression = info.Compression,
            FileSize = info.FileSize,
            SignedBy = SignerOf(info),
        };
    }

    private async Task<SourceDocument> ReadAsync(StorePath path, CancellationToken ct)
    {
        try
        {
            return await _downloads.ReadAsync(_rules.Found(_root, path.HashPart + ".narinfo"), NarInfo.MaxBytes,
                _meter, ct);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing)
        {
            throw new SourceException(SourceProblems.Missing,
                $"{Name} does not have {path}: it was never put there, or was taken away.", e);
        }
    }

    private string SignerOf(NarInfo info)
    {
        var fingerprint = info.Fingerprint;
        foreach (var key in _keys)
            if (info.Signatures.Any(signature => key.Signed(signature, fingerprint))) return key.Name;
        var trusted = string.Join(", ", _keys.Select(key => key.Name));
        var names = info.Signatures.Select(signature => signature.Split(':')[0]).Distinct().ToList();
        var wrong = _keys.FirstOrDefault(key => names.Contains(key.Name));
        throw new SourceException(SourceProblems.Unsigned, (names, wrong) switch
        {
            ({ Count: 0 }, _) => $"{info.Path} in {Name} has no signature; one by {trusted} is needed.",
            (_, { } key) => $"{info.Path} in {Name} has a signature named {key.Name} that does not match: the key in " +
                "publicKeys is another one, or the path was changed.",
            _ => $"{info.Path} in {Name} has no signature by {trusted}, but by " +
            $"'{SourceText.Quote(string.Join(", ", names))}'.",
        });
    }

    /// <inheritdoc/>
    public async Task ReadNarAsync(PathInfo info, Func<Stream, string, CancellationToken, Task> read,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(read);
        var path = (CachedPath)info;
        if (path.FileSize is { } size) _meter.ExpectBytes(size);
        using var download = await _downloads.FetchAsync(path.Nar, new DownloadRequest { Length = path.FileSize },
            _meter, ct)
            ?? throw new InvalidOperationException("A download without a condition is never unneeded.");
        try
        {
            await using var unpacked = new Unpacking(download.Open(), path.Compression, path.NarSize);
            await read(unpacked, $"{path.Path} from {download.Link}", ct);
        }
        finally
        {
            if (!ct.IsCancellationRequested) download.Delete();
        }
    }
}
