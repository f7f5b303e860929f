using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace NetbootServer.Access.OpenApi;

/// <summary>
/// The OpenAPI document, made once and kept compressed: anyone may ask for it, and making it takes a tenth of a second.
/// </summary>
/// <param name="documents">Makes it.</param>
internal sealed class DocumentCache(ISwaggerProvider documents)
{
    public const string Name = "v1";

    /// <summary>Bases below which proxies show the server; hardly ever more than one.</summary>
    private const int MaxBases = 8;

    private readonly ConcurrentDictionary<(string Base, string Extension), Lazy<Document>> _made = new();

    /// <summary>The document as JSON or YAML.</summary>
    /// <param name="extension"><c>json</c>, <c>yaml</c> or <c>yml</c>.</param>
    /// <param name="http">The request.</param>
    public IResult Answer(string extension, HttpContext http)
    {
        var key = (http.Request.PathBase.Value ?? "", extension.Equals("json", StringComparison.OrdinalIgnoreCase)
            ? "json" : "yaml");
        var made = new Lazy<Document>(() => Make(key.Item1, key.Item2));
        var document = (_made.Count < MaxBases ? _made.GetOrAdd(key, made) : _made.GetValueOrDefault(key, made)).Value;
        var (encoding, bytes) = document.For(http.Request);
        var headers = http.Response.Headers;
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.CacheControl = "no-cache"; // ask whether it is still the same
        if (encoding is not null) headers.ContentEncoding = encoding;
        // Other bytes, another strong ETag (RFC 9110 §8.8.3.3).
        var etag = new EntityTagHeaderValue($"\"{document.Digest}{(encoding is null ? "" : "-" + encoding)}\"");
        return TypedResults.Bytes(bytes, $"application/{key.Item2}; charset=utf-8", entityTag: etag);
    }

    private Document Make(string basePath, string extension)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        OpenApiWriterBase writer = extension == "json" ? new OpenApiJsonWriter(text) : new OpenApiYamlWriter(text);
        documents.GetSwagger(Name, host: null, basePath).SerializeAsV3(writer);
        return new(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The document's bytes, in every encoding.</summary>
    private sealed class Document(byte[] plain)
    {
        private readonly (string Name, byte[] Bytes)[] _encoded =
        [
            ("br", Compressed(plain, target => new BrotliStream(target, CompressionLevel.Optimal))),
            ("gzip", Compressed(plain, target => new GZipStream(target, CompressionLevel.Optimal))),
        ];

        public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(plain))[..32];

        /// <summary>The bytes in the encoding that the client likes best of ours; null: as they are.</summary>
        public (string? Encoding, byte[] Bytes) For(HttpRequest request)
        {
            var accepted = request.GetTypedHeaders().AcceptEncoding;
            var best = _encoded.Select(encoded => (encoded, Quality: QualityOf(accepted, encoded.Name)))
                .MaxBy(choice => choice.Quality);
            return best.Quality > 0 ? best.encoded : (null, plain);
        }

        private static double QualityOf(IList<StringWithQualityHeaderValue> accepted, string name) =>
            (Find(accepted, name) ?? Find(accepted, "*")) is { } found ? found.Quality ?? 1 : 0;

        private static StringWithQualityHeaderValue? Find(IList<StringWithQualityHeaderValue> accepted, string name) =>
            accepted.FirstOrDefault(value => value.Value.Equals(name, StringComparison.OrdinalIgnoreCase));

        private static byte[] Compressed(byte[] plain, Func<Stream, Stream> encoder)
        {
            using var target = new MemoryStream();
            using (var stream = encoder(target)) stream.Write(plain);
            return target.ToArray();
        }
    }
}
