using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using CsCheck;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Blobs;
using NetbootServer.Serving.Bodies;
using NetbootServer.Tests.Blobs;
using NetbootServer.Tests.Serving.ZeroCopy;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Serving.Bodies;

/// <summary>The SHA-256 of what arrives is that of what was stored: by every way, in any range and order.</summary>
[Trait("category", "slow")]
public sealed class EveryWayTests
{
    private static readonly byte[] Bytes = RandomBytes(3_000_000);

    public enum Way { ZeroCopy, Copy, Tls, Tls2, ClearText2, InMemory }

    private static async Task<(BlobHost Host, HttpClient Http)> StartAsync(Way way)
    {
        var settings = new Dictionary<string, string?> { ["Http:ZeroCopy"] = (way != Way.Copy).ToString() };
        if (way == Way.InMemory)
        {
            var inMemory = await BlobHost.StartAsync(settings, app => app.WebHost.UseTestServer());
            return (inMemory, inMemory.App.GetTestClient());
        }
        var certificate = way is Way.Tls or Way.Tls2 ? KestrelCanaryTests.SelfSigned() : null;
        var host = await BlobHost.StartAsync(settings, listen: options =>
        {
            if (certificate is not null) options.UseHttps(certificate);
            if (way == Way.ClearText2) options.Protocols = HttpProtocols.Http2;
        });
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, seen, _, _) => certificate!.Equals(seen);
        return (host, new HttpClient(handler)
        {
            BaseAddress = new UriBuilder(host.Address) { Scheme = certificate is null ? "http" : "https" }.Uri,
            DefaultRequestVersion = way is Way.Tls2 or Way.ClearText2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        });
    }

    private static async Task<StoredBlob> ComposeAsync(BlobHost host, StoredBlob part)
    {
        List<BlobSegment> segments = [];
        for (var i = 0; i < 100; i++)
        {
            segments.Add(BlobSegment.Literal(Bytes.AsMemory(i * 30_000, i)));
            segments.Add(BlobSegment.Of(part.Digest, i * 30_000 + i, 30_000 - i));
        }
        var whole = await host.Store.ComposeAsync([BlobSegment.Literal("!"u8.ToArray()), .. segments], Ct);
        Assert.NotEqual(part.Digest, whole.Digest);
        return whole;
    }

    [Theory]
    [InlineData(Way.ZeroCopy), InlineData(Way.Copy), InlineData(Way.Tls), InlineData(Way.Tls2)]
    [InlineData(Way.ClearText2), InlineData(Way.InMemory)]
    public async Task The_digest_of_what_arrives_is_that_of_what_was_stored(Way way)
    {
        var (host, http) = await StartAsync(way);
        await using var _ = host;
        using var __ = http;
        var plain = await host.AddAsync(Bytes);
        var composed = await ComposeAsync(host, plain);
        foreach (var (blob, bytes) in new (StoredBlob, byte[])[] { (plain, Bytes), (composed, [(byte)'!', .. Bytes]) })
        {
            var whole = await AskAsync(http, blob, null);
            Assert.Equal(blob.Digest.ToString(), whole);
            await Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.OneOf(Gen.Int[1, 2000], Gen.Int[1, bytes.Length]))
                .SampleAsync(async (offset, count) =>
                {
                    var end = Math.Min((long)offset + count, bytes.Length);
                    var digest = await AskAsync(http, blob, new RangeHeaderValue(offset, end - 1));
                    Assert.Equal(DigestOf(bytes.AsSpan(offset, (int)(end - offset))), digest);
                }, iter: 40, threads: 2);
        }
        var sender = host.App.Services.GetRequiredService<BodySender>();
        Assert.Equal(way == Way.ZeroCopy, sender.CopiedBytes == 0);
        Assert.Equal(way != Way.ZeroCopy, sender.ZeroCopiedBytes == 0);
    }

    private static async Task<string> AskAsync(HttpClient http, StoredBlob blob, RangeHeaderValue? range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/blobs/{blob.Digest}/file")
        {
            Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy,
        };
        request.Headers.Range = range;
        using var answer = await http.SendAsync(request, Ct);
        Assert.Equal(range is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent, answer.StatusCode);
        return DigestOf(await answer.Content.ReadAsByteArrayAsync(Ct));
    }

    private static string DigestOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>One request of a session: what is asked, and how much of the file.</summary>
    public sealed record Question(string Method, bool Ranged, int Offset, int Count)
    {
        public int End => Math.Min(Offset + Count, Bytes.Length);

        public string Text(Uri url) => $"{Method} {url.PathAndQuery} HTTP/1.1\r\nHost: x\r\n" +
            (Ranged ? $"Range: bytes={Offset}-{End - 1}\r\n\r\n" : "\r\n");
    }

    private static readonly Gen<Question> Questions = Gen.Select(
        Gen.Frequency((4, Gen.Const("GET")), (1, Gen.Const("HEAD"))),
        Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false))),
        Gen.Int[0, Bytes.Length - 1], Gen.OneOf(Gen.Int[1, 2000], Gen.Int[1, Bytes.Length / 4]),
        (method, ranged, offset, count) => new Question(method, ranged, offset, count));

    [Theory, InlineData(Way.ZeroCopy), InlineData(Way.Copy)]
    public async Task Any_sequence_on_one_connection_is_answered_in_order_until_the_client_vanishes(Way way)
    {
        var (host, http) = await StartAsync(way);
        await using var _ = host;
        http.Dispose();
        var url = host.UrlOf(await host.AddAsync(Bytes));
        await Gen.Select(Questions.List[1, 6], Gen.Bool, Gen.Int[0, Bytes.Length]).SampleAsync(
            async (questions, reset, lastBytes) =>
            {
                using var client = await RawClient.ConnectAsync(host.Address);
                var all = string.Concat(questions.Select(question => question.Text(url)));
                await client.SendAsync(all + new Question("GET", false, 0, 0).Text(url));
                foreach (var question in questions)
                {
                    var (status, body) = await client.ReadAnswerAsync(hasBody: question.Method == "GET");
                    Assert.Equal(question.Ranged ? 206 : 200, status);
                    var expected = question.Method == "HEAD" ? []
                        : question.Ranged ? Bytes.AsSpan(question.Offset, question.End - question.Offset) : Bytes;
                    Assert.Equal(DigestOf(expected), DigestOf(body));
                }
                await client.ReadHeadAsync();
                Assert.Equal(DigestOf(Bytes.AsSpan(0, lastBytes)), DigestOf(await client.ReadAsync(lastBytes)));
                if (reset) client.Reset();
            }, iter: 60, threads: 2);
        var watch = host.App.Services.GetRequiredService<TransferWatch>();
        await Until.TrueAsync(() => watch.Count == 0, "all transfers ended");
        Assert.Equal(1, host.App.Services.GetRequiredService<BlobFiles>().OpenCount);
    }
}
