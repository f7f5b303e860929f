using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Blobs;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Nix.Nars;
using NSec.Cryptography;

namespace NetbootServer.Tests.Sources;

/// <summary>A binary cache of made-up store paths on a <see cref="SourceHost"/>, signed by its own key.</summary>
public sealed class FakeCache : IDisposable
{
    private readonly SourceHost _host;
    private readonly Key _key = Key.Create(SignatureAlgorithm.Ed25519);

    public FakeCache(SourceHost host)
    {
        _host = host;
        host.Put("/cache/nix-cache-info", "StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n"u8.ToArray());
    }

    public string Url => _host.Url("/cache");

    public string PublicKey => $"test-1:{Convert.ToBase64String(_key.PublicKey.Export(KeyBlobFormat.RawPublicKey))}";

    /// <summary>A store path whose hash comes from its name.</summary>
    public static StorePath PathOf(string name)
    {
        var hash = NixBase32.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 20));
        return StorePath.Parse($"/nix/store/{hash}-{name}");
    }

    public StorePath Add(string name, Node node, params StorePath[] references) =>
        Add(name, NarText.Of(node), references);

    /// <summary>The NARs of what was added.</summary>
    public Dictionary<StorePath, byte[]> Nars { get; } = [];

    public StorePath Add(string name, byte[] nar, StorePath[] references,
        NarCompression compression = NarCompression.None,
        Func<NarFields, NarFields>? change = null)
    {
        var path = PathOf(name);
        var packed = Pack(nar, compression);
        var fields = new NarFields
        {
            Path = path,
            NarHash = new NixHash(Sha256Digest.FromBytes(SHA256.HashData(nar))),
            NarSize = nar.Length,
            Url = $"nar/{path.HashPart}.nar",
            FileSize = packed.Length,
            Compression = compression == NarCompression.Bzip2 ? null : compression.ToString().ToLowerInvariant(),
            References = [.. references.Order()],
        };
        fields = change?.Invoke(fields) ?? fields;
        var signature = fields.Signature ?? Sign(fields.Fingerprint);
        _host.Put($"/cache/{path.HashPart}.narinfo", Encoding.UTF8.GetBytes(fields.ToText(signature)));
        _host.Put($"/cache/nar/{path.HashPart}.nar", packed);
        Nars[path] = nar;
        return path;
    }

    public string Sign(string fingerprint, string name = "test-1") =>
        $"{name}:{Convert.ToBase64String(SignatureAlgorithm.Ed25519.Sign(_key, Encoding.UTF8.GetBytes(fingerprint)))}";

    private static byte[] Pack(byte[] nar, NarCompression compression)
    {
        var packed = new MemoryStream();
        switch (compression)
        {
            case NarCompression.Zstd:
                // Many frames, as Nix writes them from 2.35 on.
                foreach (var piece in nar.Chunk(64 * 1024)) packed.Write(new ZstdSharp.Compressor().Wrap(piece));
                break;
            case NarCompression.Gzip:
                using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(nar);
                break;
            default:
                packed.Write(nar);
                break;
        }
        return packed.ToArray();
    }

    public void Dispose() => _key.Dispose();
}

public sealed record NarFields
{
    public required StorePath Path { get; init; }
    public required NixHash NarHash { get; init; }
    public required long NarSize { get; init; }
    public required string Url { get; init; }
    public long? FileSize { get; init; }
    public string? Compression { get; init; }
    public required StorePath[] References { get; init; }

    /// <summary>The line to write; empty for none, null for a good one.</summary>
    public string? Signature { get; init; }

    public string Fingerprint =>
        $"1;{Path};{NarHash};{NarSize};{string.Join(',', References.Select(path => path.ToString()))}";

    public string ToText(string signature) =>
        $"StorePath: {Path}\nURL: {Url}\n" + (Compression is null ? "" : $"Compression: {Compression}\n")
        + (FileSize is null ? "" : $"FileSize: {FileSize}\n")
        + $"NarHash: {NarHash}\nNarSize: {NarSize}\nReferences: " +
        $"{string.Join(' ', References.Select(path => path.BaseName))}\n"
        + (signature.Length == 0 ? "" : $"Sig: {signature}\n");
}
