using NetbootServer.Downloads;
using NetbootServer.Sources.Specs;

namespace NetbootServer.Sources.Releases;

/// <summary>
/// A release for one system as it is at the moment: its list, when there is one, and its files. Files of a release are
/// replaced one by one while a new build is published, so everything that was read is looked at again at the end.
/// </summary>
internal sealed class ReleaseFolder
{
    // A build's files are uploaded together; a week lies between builds.
    private static readonly TimeSpan OneBuild = TimeSpan.FromHours(12);

    private readonly SourceDownloads _downloads;
    private readonly SourceRules _rules;
    private readonly SourceHttp _http;
    private readonly SourceMeter _meter;
    private readonly bool _ownApi;
    private string? _api;
    private readonly Dictionary<string,
        (SourceLink Link, SourceValidator? Validator, long Length)> _read = new(StringComparer.Ordinal);

    public ReleaseFolder(ReleaseSpec spec, string system, Func<Uri, string?> apiOf, SourceDownloads downloads,
        SourceHttp http,
        SourceRules rules, SourceMeter meter)
    {
        (_downloads, _http, _rules, _meter) = (downloads, http, rules, meter);
        Link = rules.Root(Placeholders.Fill(spec.Url, system).TrimEnd('/') + "/");
        _api = spec.Api is { } api ? Placeholders.Fill(api, system) : apiOf(Link.Uri);
        _ownApi = spec.Api is not null;
        if (spec.Api is not null || _api is null || rules.Fault(_api) is null) return;
        meter.Log($"{_api} is outside of Images:AllowedSources: going on without the release's digests");
        _api = null;
    }

    /// <summary>The folder; ends with a slash.</summary>
    public SourceLink Link { get; }

    /// <summary>The list as it was at first; null when there is none.</summary>
    public ReleaseList? List { get; private set; }

    /// <summary>Reads the list.</summary>
    public async Task OpenAsync(CancellationToken ct) => List = await ReadListAsync(ct);

    private async Task<ReleaseList?> ReadListAsync(CancellationToken ct)
    {
        if (_api is not null)
        {
            try
            {
                return ReleaseList.FromApi(await ReadApiAsync(_rules.Root(_api), ct), _rules);
            }
            catch (SourceException e) when (e.IsLimit && !_ownApi && List is null)
            {
                // Files are not counted as requests of the API are, and are watched by their ETags instead.
                _meter.Log($"{e.Message} Going on by the download URLs, without the release's digests.");
                _api = null;
            }
        }
        try
        {
            var sums = await _downloads.ReadAsync(_rules.Found(Link, "SHA256SUMS"), ReleaseList.MaxBytes, _meter, ct);
            return ReleaseList.FromSums(sums, Link, _rules);
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing)
        {
            return null;
        }
    }

    private async Task<SourceDocument> ReadApiAsync(SourceLink api, CancellationToken ct)
    {
        try
        {
            return await _downloads.ReadAsync(api, ReleaseList.MaxBytes, _meter, ct, "application/json");
        }
        catch (SourceException e) when (e.Problem == SourceProblems.Missing)
        {
            throw new SourceException(e.Problem, $"{e.Message} There is no such release, or it is not public: " +
                $"look which there are, and name one of them in the image's source instead of {Link}.", e);
        }
    }

    /// <summary>
    /// The first of several names that the release has; without a list the first, unproven. Null when it has none.
    /// </summary>
    /// <exception cref="SourceException">One is being uploaded right now.</exception>
    public ReleaseAsset? Find(params string[] names)
    {
        if (List is null) return new ReleaseAsset(names[0], [_rules.Found(Link, names[0])]);
        var asset = names.Select(name => List.Assets.GetValueOrDefault(name))
            .FirstOrDefault(found => found is not null);
        if (asset is { Uploaded: false })
            throw new SourceException(SourceProblems.Changing, $"{asset.Name} is being uploaded to {Link} right now.");
        return asset;
    }

    /// <summary>Files that do not belong to one build, by when they were uploaded.</summary>
    /// <exception cref="SourceException">They do not.</exception>
    public void CheckTogether(params ReleaseAsset?[] assets)
    {
        var times = assets.Select(asset => asset?.UpdatedAt).OfType<DateTimeOffset>().ToList();
        if (times.Count > 1 && times.Max() - times.Min() > OneBuild)
            throw new SourceException(SourceProblems.Changing,
                $"{Link} has files of two builds: {string.Join(", ", assets
                .OfType<ReleaseAsset>().Select(asset => $"{asset.Name} of {asset.UpdatedAt:yyyy-MM-dd HH:mm}"))}.");
    }

    /// <summary>Reads a small file.</summary>
    public async Task<SourceDocument> ReadAsync(ReleaseAsset asset, int maxBytes, CancellationToken ct)
    {
        var document = await TryLinksAsync(asset, link =>
            _downloads.ReadAsync(link, maxBytes, _meter, ct, "application/octet-stream"));
        _read[asset.Name] = (asset.Links[0], document.Validator, document.Bytes.Length);
        return document;
    }

    /// <summary>Downloads a file; null when it still is what <paramref name="unless"/> says.</summary>
    public async Task<Download?> FetchAsync(
        ReleaseAsset asset, long? likely, SourceValidator? unless, CancellationToken ct)
    {
        var wish = new DownloadRequest
        {
            Length = asset.Size, Likely = likely, Unless = unless, Accept = "application/octet-stream", Hashed = true,
        };
        var download = await TryLinksAsync(asset, link => _downloads.FetchAsync(link, wish, _meter, ct));
        _read[asset.Name] = (asset.Links[0], download?.Validator ?? unless, download?.Length ?? -1);
        return download;
    }

    /// <summary>Bytes of a file of a length that an earlier try has left on the disk.</summary>
    public long HeldBytes(ReleaseAsset asset, long length) => Math.Min(length, asset.Links.Sum(_downloads.HeldBytes));

    /// <summary>
    /// A file's length in bytes, by an answer whose body is not read; null when the server does not say.
    /// </summary>
    public async Task<long?> SizeOfAsync(ReleaseAsset asset, CancellationToken ct)
    {
        try
        {
            // Signed URLs are valid for GET only, so HEAD returns nothing useful.
            using var answer = await TryLinksAsync(asset, link => _http.AskAsync(link, new SourceRequestOptions(), ct));
            return answer.Length;
        }
        catch (SourceException)
        {
            return null; // the download itself says what is wrong
        }
    }

    private static async Task<T> TryLinksAsync<T>(ReleaseAsset asset, Func<SourceLink, Task<T>> get)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return await get(asset.Links[i]);
            }
            catch (SourceException e) when ((e.Problem == SourceProblems.Missing || e.IsLimit) && i +
                1 < asset.Links.Count)
            {
                // The same digest is checked whichever way the bytes come.
            }
        }
    }

    /// <summary>Makes sure that nothing was replaced since it was read.</summary>
    /// <exception cref="SourceException">Something was.</exception>
    public async Task CheckUnchangedAsync(IReadOnlyCollection<string> names, CancellationToken ct)
    {
        if (List is { } list)
        {
            var now = await ReadListAsync(ct);
            foreach (var name in names)
                if (now?.Assets.GetValueOrDefault(name)?.Pin != list.Assets.GetValueOrDefault(name)?.Pin)
                    throw Changed(name);
            return;
        }
        foreach (var name in names.Where(_read.ContainsKey))
        {
            var (link, validator, length) = _read[name];
            using var answer = await _http.AskAsync(link, new SourceRequestOptions { Unless = validator }, ct);
            var same = answer.NotModified
                || (answer.Validator == validator && (length < 0 || answer.Length is null || answer.Length == length));
            if (!same) throw Changed(name);
        }
    }

    private SourceException Changed(string name) =>
        new(SourceProblems.Changing, $"{name} of {Link} was replaced while the release was read.");
}
