using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Blobs;

[Trait("category", "slow")]
public sealed class BlobsApiTests
{
    private static readonly byte[] Bytes = RandomBytes(100_000);

    private static async Task<HttpResponseMessage> AskAsync(
        Uri url, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, url);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, Ct);
    }

    [Fact]
    public async Task A_blob_is_served_with_everything_a_cache_needs()
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        using var answer = await AskAsync(host.UrlOf(blob, "bzImage"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Bytes, await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal($"\"{blob.Digest}\"", answer.Headers.ETag!.ToString());
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.GetValues("Cache-Control").Single());
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(Bytes))}:",
            answer.Headers.GetValues("Repr-Digest").Single());
        Assert.Equal("bytes", answer.Headers.AcceptRanges.Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("sandbox", answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(Bytes.Length, answer.Content.Headers.ContentLength);
        Assert.Null(answer.Content.Headers.LastModified);
    }

    [Fact]
    public async Task HEAD_answers_the_same_headers_and_no_body()
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        using var get = await AskAsync(host.UrlOf(blob));
        using var head = await AskAsync(host.UrlOf(blob), HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal(Lines(get), Lines(head));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Ct));

        static string Lines(HttpResponseMessage answer) =>
            string.Join('\n', answer.Headers.Where(header => header.Key != "Date")
                .Select(header => header.Key + header.Value.First()));
    }

    public static TheoryData<string, string, int, int, int> Ranges => new()
    {
        { "first byte", "bytes=0-0", 206, 0, 1 },
        { "middle", "bytes=100-199", 206, 100, 100 },
        { "open end", "bytes=99999-", 206, 99_999, 1 },
        { "suffix", "bytes=-7", 206, 99_993, 7 },
        { "beyond the end", "bytes=99990-200000", 206, 99_990, 10 },
        { "a unit in capitals", "BYTES=3-9", 206, 3, 7 },
        { "several", "bytes=0-1,5-6", 200, 0, 100_000 },
        { "another unit", "pages=0-1", 200, 0, 100_000 },
        { "nonsense", "bytes=2-1", 200, 0, 100_000 },
    };

    [Theory, MemberData(nameof(Ranges))]
    public async Task Ranges_are_answered(string name, string range, int status, int offset, int length)
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        using var answer = await AskAsync(host.UrlOf(blob), null, ("Range", range));
        Assert.True(status == (int)answer.StatusCode, name);
        Assert.Equal(Bytes[offset..(offset + length)], await answer.Content.ReadAsByteArrayAsync(Ct));
        if (status == 206) Assert.Equal($"bytes {offset}-{offset + length - 1}/100000",
            answer.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task A_range_past_the_end_is_416_and_not_cached()
    {
        await using var host = await StartAsync();
        using var answer = await AskAsync(host.UrlOf(await host.AddAsync(Bytes)), null, ("Range", "bytes=100000-"));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
        Assert.Equal("bytes */100000", answer.Content.Headers.ContentRange!.ToString());
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    public static TheoryData<string, string, string, int> Conditions => new()
    {
        { "known already", "If-None-Match", "{tag}", 304 },
        { "known already, weakly", "If-None-Match", "W/{tag}", 304 },
        { "any", "If-None-Match", "*", 304 },
        { "another known", "If-None-Match", "\"x\"", 200 },
        { "still the same", "If-Match", "{tag}", 200 },
        { "not the same", "If-Match", "\"x\"", 412 },
        { "a date says nothing", "If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT", 200 },
        { "an old date says nothing", "If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:01 GMT", 200 },
    };

    [Theory, MemberData(nameof(Conditions))]
    public async Task Conditions_are_answered(string name, string header, string value, int status)
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        using var answer = await AskAsync(host.UrlOf(blob), null,
            (header, value.Replace("{tag}", $"\"{blob.Digest}\"", StringComparison.Ordinal)));
        Assert.True(status == (int)answer.StatusCode, name);
        if (status == 200) Assert.Equal(Bytes, await answer.Content.ReadAsByteArrayAsync(Ct));
        else Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal($"\"{blob.Digest}\"", answer.Headers.ETag!.ToString());
    }

    [Theory]
    [InlineData("\"{tag}\"", 206)]
    [InlineData("W/\"{tag}\"", 200)]
    [InlineData("\"other\"", 200)]
    [InlineData("Fri, 01 Jan 2100 00:00:00 GMT", 200)]
    [InlineData("nonsense", 200)]
    public async Task If_Range_resumes_only_the_same_bytes(string value, int status)
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        using var answer = await AskAsync(host.UrlOf(blob), null, ("Range", "bytes=50000-"),
            ("If-Range", value.Replace("{tag}", blob.Digest.ToString(), StringComparison.Ordinal)));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(status == 206 ? Bytes[50_000..] : Bytes, await answer.Content.ReadAsByteArrayAsync(Ct));
    }

    [Theory]
    [InlineData("/blobs/0000000000000000000000000000000000000000000000000000000000000000/f")]
    [InlineData("/blobs/abc/f")]
    [InlineData("/blobs/..%2f..%2fetc%2fpasswd/f")]
    public async Task What_is_no_blob_is_404_in_a_few_words(string path)
    {
        await using var host = await StartAsync();
        using var answer = await AskAsync(new Uri(host.Address, path));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("There is no such blob.\n", await answer.Content.ReadAsStringAsync(Ct));
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task A_blob_asked_for_before_it_exists_is_found_when_it_does()
    {
        await using var host = await StartAsync();
        var url = new Uri(host.Address, $"/blobs/{Convert.ToHexStringLower(SHA256.HashData(Bytes))}/f");
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(url)).StatusCode);
        await host.AddAsync(Bytes);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(url)).StatusCode);
    }

    [Theory]
    [InlineData("gone"), InlineData("truncated"), InlineData("grown"), InlineData("out of service")]
    public async Task Bytes_that_are_away_are_503_until_they_are_back(string how)
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(Bytes);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(host.UrlOf(blob))).StatusCode); // the handle is open now
        var path = host.PathOf(blob);
        File.Move(path, path + ".aside");
        if (how == "truncated") await File.WriteAllBytesAsync(path, Bytes[..50_000], Ct);
        if (how == "grown") await File.WriteAllBytesAsync(path, [.. Bytes, 0], Ct);
        if (how == "out of service")
        {
            File.Move(path + ".aside", path);
            await host.Store.TakeOutOfServiceAsync(blob.Digest, Ct);
        }
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var answer = await AskAsync(host.UrlOf(blob), method);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter!.Delta);
            Assert.Null(answer.Headers.ETag);
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }
        if (how == "out of service") await host.Store.PutBackInServiceAsync(blob.Digest, Ct);
        else File.Move(path + ".aside", path, overwrite: true);
        using var back = await AskAsync(host.UrlOf(blob));
        Assert.Equal(Bytes, await back.Content.ReadAsByteArrayAsync(Ct));
    }

    [Theory]
    [InlineData("gzip", new byte[] { 0x1F, 0x8B, 8, 0 }, "index.html", "application/gzip")]
    [InlineData("html", new byte[] { 0x3C, 0x68, 0x74, 0x6D, 0x6C, 0x3E }, "index.html", "application/octet-stream")]
    [InlineData("svg", new byte[] { 0x3C, 0x73, 0x76, 0x67, 0x3E }, "x.efi", "application/octet-stream")]
    public async Task Content_decides_the_type_and_never_a_name(string kind, byte[] bytes, string name, string type)
    {
        await using var host = await StartAsync();
        using var answer = await AskAsync(host.UrlOf(await host.AddAsync(bytes), name));
        Assert.True(type == answer.Content.Headers.ContentType!.ToString(), kind);
    }

    [Fact]
    public async Task An_empty_blob_is_served()
    {
        await using var host = await StartAsync();
        using var answer = await AskAsync(host.UrlOf(await host.AddAsync([])));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Transfers_of_a_boot_are_metered_and_unknown_boots_are_served()
    {
        var meters = new Dictionary<string, Meter>();
        var boots = new FakeBoots
        {
            Meter = (boot, file, offset, length) => boot == "unknown" ? null : meters[file] = new Meter(offset, length),
        };
        await using var host = await StartAsync(configure: app => app.Services.AddSingleton<IBootTransfers>(boots));
        var blob = await host.AddAsync(Bytes);
        var url = host.UrlOf(blob, "initrd") + "?boot=b1";
        await AskAsync(new Uri(url), HttpMethod.Head);
        await AskAsync(new Uri(url), null, ("If-None-Match", $"\"{blob.Digest}\""));
        Assert.Empty(meters);
        await AskAsync(new Uri(url), null, ("Range", "bytes=1000-"));
        var meter = meters["initrd"];
        Assert.True(await meter.Done.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct));
        Assert.Equal((1000, 99_000, 99_000), (meter.Offset, meter.Length, meter.BytesSent));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(new Uri(host.UrlOf(blob) + "?boot=unknown"))).StatusCode);
    }

    private sealed class Meter(long offset, long length) : TransferMeter
    {
        public long Offset => offset;
        public long Length => length;
        public TaskCompletionSource<bool> Done { get; } = new();
        public override void Ended(bool complete) => Done.SetResult(complete);
    }
}
