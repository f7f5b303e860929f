using System.Collections.Immutable;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Downloads;
using NetbootServer.Nix.Stores;
using NetbootServer.Sources.Layouts;

namespace NetbootServer.Sources.Hydras;

/// <summary>
/// The files that a build offers for download, as a folder; Hydra states their digests, without a signature.
/// </summary>
internal sealed class ProductTree : IFileTree
{
    private const int MaxTextBytes = 64 * 1024;

    private readonly SourceLink _build;
    private readonly Dictionary<string, HydraProduct> _products = new(StringComparer.Ordinal);
    private readonly SourceDownloads _downloads;
    private readonly SourceRules _rules;
    private readonly SourceBlobs _blobs;
    private readonly SourceMeter _meter;

    public ProductTree(SourceLink build, HydraBuild of, SourceDownloads downloads, SourceRules rules,
        SourceBlobs blobs, SourceMeter meter)
    {
        (_build, _downloads, _rules, _blobs, _meter) = (build, downloads, rules, blobs, meter);
        foreach (var product in of.Products)
        {
            _products.TryAdd(product.Name, product);
            // Jobs may call a file as they like and say by its subtype what it is.
            var role = product.Subtype switch
            {
                "bzImage" or "Image" or "initrd" => product.Subtype,
                "ipxe" =>
                "netboot.ipxe",
                _ => null
            };
            if (role is not null) _products.TryAdd(role, product);
        }
    }

    public string Name => _build.ToString();

    public ImmutableArray<string> Names => [.. _products.Keys.Order(StringComparer.Ordinal)];

    public async Task<StoredBlob> StoreAsync(string name, Func<BootFile, string?> judge, CancellationToken ct)
    {
        var product = _products[name];
        if (product.Digest is { } digest && await _blobs.FindAsync(digest, ct) is { } blob && judge(blob.File) is null)
            return blob;
        if (product.Size is { } size) _meter.ExpectBytes(size);
        using var download = await _downloads.FetchAsync(LinkOf(product),
            new DownloadRequest { Length = product.Size, Hashed = true }, _meter, ct)
            ?? throw new InvalidOperationException("A download without a condition is never unneeded.");
        return await _blobs.AddAsync(download, new BlobLimits { Digest = product.Digest, Judge = judge }, ct);
    }

    public async Task<string> ReadTextAsync(string name, CancellationToken ct) =>
        Encoding.UTF8.GetString((await _downloads.ReadAsync(LinkOf(_products[name]), MaxTextBytes, _meter, ct)).Bytes);

    public Task<string> ResolveAsync(string name, CancellationToken ct) =>
        throw new SourceException(SourceProblems.NotBootable,
        $"{Name} offers no netboot.ipxe, so that the kernel's arguments are unknown. Name the binary cache of this " +
        "Hydra ('cache').");

    private SourceLink LinkOf(HydraProduct product) => _rules.Found(_build,
        $"{_build.Uri.AbsolutePath.TrimEnd('/')}/download/{Uri.EscapeDataString(product.Number)}/{Uri.EscapeDataString(product.Name)}");
}
