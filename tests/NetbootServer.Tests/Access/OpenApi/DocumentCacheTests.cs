using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using NetbootServer.Tests.Fixtures;
using Swashbuckle.AspNetCore.Swagger;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace NetbootServer.Tests.Access.OpenApi;

[Trait("category", "slow")]
public sealed class DocumentCacheTests : IAsyncDisposable
{
    private const string Path = "/swagger/v1/swagger.json";
    private readonly Counting _made = new();
    private readonly NetbootApp _app;

    public DocumentCacheTests() => _app = new([], services => services.AddSingleton<ISwaggerProvider>(all =>
    {
        _made.Real = ActivatorUtilities.CreateInstance<SwaggerGenerator>(all,
            all.GetRequiredService<SwaggerGeneratorOptions>());
        return _made;
    }));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task The_document_is_made_once_for_all_who_ask()
    {
        var first = (await _app.Machine.GetAsync(Path)).Is(HttpStatusCode.OK);
        Assert.Equal("application/json", first.MediaType);
        for (var i = 0; i < 20; i++)
            Assert.Equal(first.Text, (await _app.Machine.GetAsync(i % 2 == 0 ? Path : "/SWAGGER/v1/Swagger.json"))
                .Text);
        Assert.Equal(1, _made.Count);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("br;q=0.2, gzip", "gzip")]
    [InlineData("*", "br")]
    [InlineData("gzip;q=0", null)]
    [InlineData("identity", null)]
    [InlineData("nonsense;;;", null)]
    public async Task It_comes_compressed_to_those_who_take_that(string accepts, string? encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepts);
        using var answer = await _app.Machine.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal("Accept-Encoding", answer.Headers.Vary.Single());
        var bytes = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var plain = (await _app.Machine.GetAsync(Path)).Text;
        if (encoding is not null)
            Assert.True(bytes.Length < plain.Length / 5, $"{bytes.Length} of {plain.Length} bytes");
        Stream body = new MemoryStream(bytes);
        if (encoding == "gzip") body = new GZipStream(body, CompressionMode.Decompress);
        if (encoding == "br") body = new BrotliStream(body, CompressionMode.Decompress);
        using var reader = new StreamReader(body);
        Assert.Equal(plain, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_who_has_it_already_gets_304()
    {
        var (plain, packed) = (await _app.Machine.GetAsync(Path), await AskAsync(("Accept-Encoding", "gzip")));
        Assert.NotEqual(plain.ETag, packed.ETag); // other bytes
        foreach (var (tag, accepts) in new[] { (plain.ETag!, "identity"), (packed.ETag!, "gzip"),
            ($"\"x\", {plain.ETag}", "identity") })
        {
            var same = (await AskAsync(("If-None-Match", tag), ("Accept-Encoding", accepts)))
                .Is(HttpStatusCode.NotModified);
            Assert.Empty(same.Text);
        }
        (await AskAsync(("If-None-Match", "\"other\""))).Is(HttpStatusCode.OK);
        var head = (await _app.Machine.HeadAsync(Path)).Is(HttpStatusCode.OK);
        Assert.Equal(plain.ETag, head.ETag);
        Assert.Empty(head.Text);
    }

    [Fact]
    public async Task It_is_there_as_YAML_too()
    {
        Assert.StartsWith("openapi: ", (await _app.Machine.GetAsync("/swagger/v1/swagger.yaml")).Is(HttpStatusCode.OK)
            .Text,
            StringComparison.Ordinal);
        (await _app.Machine.GetAsync("/swagger/v1/swagger.xml")).Is(HttpStatusCode.NotFound);
        (await _app.Machine.GetAsync("/swagger/v2/swagger.json")).Is(HttpStatusCode.NotFound);
    }

    private Task<Answer> AskAsync(params (string, string)[] headers) =>
        _app.Machine.SendAsync(HttpMethod.Get, Path, null, headers);

    private sealed class Counting : ISwaggerProvider
    {
        public ISwaggerProvider Real { get; set; } = null!;

        public int Count { get; private set; }

        public OpenApiDocument GetSwagger(string documentName, string? host = null, string? basePath = null)
        {
            Count++;
            return Real.GetSwagger(documentName, host, basePath);
        }
    }
}
