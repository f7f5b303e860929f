using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using NetbootServer.Archives;
using NetbootServer.Downloads;

namespace NetbootServer.Nix.Nars;

/// <summary>
/// What a binary cache knows of a store path: the answer to <c>GET /{hash}.narinfo</c>
/// (Nix manual, "Binary Cache"; <c>src/libstore/nar-info.cc</c>).
/// </summary>
public sealed record NarInfo
{
    /// <summary>The greatest narinfo in bytes (1 MiB: some 20,000 references).</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The store path.</summary>
    public required StorePath Path { get; init; }

    /// <summary>Where the compressed NAR is, relative to the cache.</summary>
    public required string Url { get; init; }

    /// <summary>
    /// How it is compressed. Never guessed from <see cref="Url"/>, which may have any suffix or none.
    /// </summary>
    public required NarCompression Compression { get; init; }

    /// <summary>Length of the compressed NAR in bytes; null when the cache does not say.</summary>
    public long? FileSize { get; init; }

    /// <summary>SHA-256 of the uncompressed NAR.</summary>
    public required NixHash NarHash { get; init; }

    /// <summary>Length of the uncompressed NAR in bytes.</summary>
    public required long NarSize { get; init; }

    /// <summary>The store paths that it names, sorted; may have itself.</summary>
    public required ImmutableArray<StorePath> References { get; init; }

    /// <summary>Base name of the derivation that made it; null when unknown.</summary>
    public string? Deriver { get; init; }

    /// <summary>Signatures: <c>{key name}:{base 64}</c>.</summary>
    public required ImmutableArray<string> Signatures { get; init; }

    /// <summary>What a signature is over; URL, compression and file size are not in it.</summary>
    public string Fingerprint => $"1;{Path};{NarHash};{NarSize};{string.Join(',', References)}";

    /// <summary>Reads a narinfo.</summary>
    /// <exception cref="InvalidDataException">It is not valid; the message says what is wrong.</exception>
    public static NarInfo Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxBytes) throw Bad($"it has more than {MaxBytes} bytes");
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var signatures = ImmutableArray.CreateBuilder<string>();
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.IsEmpty) continue;
            var colon = line.IndexOf(": "u8);
            if (colon <= 0) throw Bad($"'{SourceText.Quote(line)}' is no line of 'Key: Value'");
            var (key, value) = (Encoding.UTF8.GetString(line[..colon]), Encoding.UTF8.GetString(line[(colon + 2)..]));
            if (key == "Sig") signatures.Add(value);
            else if (!fields.TryAdd(key, value)) throw Bad($"'{SourceText.Quote(key)}' stands twice");
        }
        return new NarInfo
        {
            Path = StorePath.TryParse(Required(fields, "StorePath"), out var path) ? path
                : throw Wrong(fields, "StorePath"),
            Url = Required(fields, "URL"),
            Compression = CompressionOf(fields),
            FileSize = fields.ContainsKey("FileSize") ? Size(fields, "FileSize") : null,
            NarHash = NixHash.TryParse(Required(fields, "NarHash"), out var hash) ? hash
            : throw Wrong(fields, "NarHash"),
            NarSize = Size(fields, "NarSize"),
            References = ReferencesOf(fields),
            Deriver = fields.GetValueOrDefault("Deriver") is { Length: > 0 } deriver && deriver != "unknown-deriver"
            ? deriver : null,
            Signatures = signatures.DrainToImmutable(),
        };
    }

    private static string Required(Dictionary<string, string> fields, string key) =>
        fields.GetValueOrDefault(key) is { Length: > 0 } value ? value : throw Bad($"it has no {key}");

    private static long Size(Dictionary<string, string> fields, string key) =>
        long.TryParse(Required(fields, key), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0
            ? size : throw Wrong(fields, key);

    private static NarCompression CompressionOf(Dictionary<string, string> fields) =>
        fields.GetValueOrDefault("Compression") switch
        {
            null or "" or "bzip2" => NarCompression.Bzip2,
            "none" => NarCompression.None,
            "xz" => NarCompression.Xz,
            "zstd" => NarCompression.Zstd,
            "gzip" => NarCompression.Gzip,
            "br" => NarCompression.Brotli,
            var other => throw Bad($"its compression '{SourceText.Quote(other)}' is not supported; these are: xz, " +
            "zstd, gzip, bzip2, br, none"),
        };

    private static ImmutableArray<StorePath> ReferencesOf(Dictionary<string, string> fields)
    {
        var references = ImmutableSortedSet.CreateBuilder<StorePath>();
        foreach (var name in fields.GetValueOrDefault("References", "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!StorePath.TryParseBaseName(name, out var path))
                throw Bad($"its reference '{SourceText.Quote(name)}' is no store path");
            references.Add(path);
        }
        return [.. references];
    }

    private static InvalidDataException Wrong(Dictionary<string, string> fields, string key) =>
        Bad($"its {key} '{SourceText.Quote(fields[key])}' makes no sense");

    private static InvalidDataException Bad(string what) => new($"The narinfo is not valid: {what}.");
}
