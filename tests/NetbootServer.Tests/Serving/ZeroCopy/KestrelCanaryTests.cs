using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ArchUnitNET.Loader;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Serving.Bodies;
using NetbootServer.Serving.ZeroCopy;
using NetbootServer.Tests.Blobs;
using NetbootServer.Tests.Serving.Bodies;
using static NetbootServer.Tests.Blobs.BlobHost;

namespace NetbootServer.Tests.Serving.ZeroCopy;

/// <summary>
/// Holds the behaviour of Kestrel that zero-copy relies on, and that everything else falls back. When one of these
/// fails after an update of .NET, read the remarks of <see cref="ZeroCopyConnection"/>; <c>Http:ZeroCopy=false</c> is
/// safe meanwhile.
/// </summary>
[Trait("category", "slow")]
public sealed class KestrelCanaryTests
{
    private static readonly byte[] Bytes = RandomBytes(5_000_000);

    private static (long ZeroCopied, long Copied) Ways(BlobHost host)
    {
        var sender = host.App.Services.GetRequiredService<BodySender>();
        return (sender.ZeroCopiedBytes, sender.CopiedBytes);
    }

    private static async Task AssertServesAsync(BlobHost host, HttpClient http, bool zeroCopy)
    {
        var blob = await host.AddAsync(Bytes);
        for (var i = 1; i <= 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/blobs/{blob.Digest}/f")
            {
                Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy,
            };
            using var answer = await http.SendAsync(request, Ct);
            Assert.Equal(Bytes.Length, answer.Content.Headers.ContentLength);
            AssertSame(Bytes, await answer.Content.ReadAsByteArrayAsync(Ct));
            long all = i * Bytes.Length;
            var expected = zeroCopy ? (all, 0L) : (0L, all);
            await Until.TrueAsync(() => Ways(host) == expected, $"{expected} bytes by each way");
        }
    }

    [Fact]
    public async Task Plain_HTTP_1_1_takes_the_zero_copy_way()
    {
        await using var host = await StartAsync();
        using var http = new HttpClient { BaseAddress = host.Address };
        await AssertServesAsync(host, http, zeroCopy: true);
    }

    [Fact]
    public async Task Headers_and_the_first_bytes_leave_together()
    {
        await using var host = await StartAsync();
        var blob = await host.AddAsync(RandomBytes(500));
        var together = 0;
        for (var tries = 0; tries < 11; tries++)
        {
            using var client = await RawClient.ConnectAsync(host.Address);
            await client.GetAsync(host.UrlOf(blob));
            var first = Encoding.Latin1.GetString(await client.ReadPacketAsync());
            if (first.Length - (first.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4) == 500) together++;
        }
        // A server that is held up in between for long sends them apart, a client that is sees them together.
        Assert.InRange(together, 6, 11);
    }

    [Fact]
    public async Task Switched_off_it_copies()
    {
        await using var host = await StartAsync(new() { ["Http:ZeroCopy"] = "false" });
        using var http = new HttpClient { BaseAddress = host.Address };
        await AssertServesAsync(host, http, zeroCopy: false);
    }

    [Theory, InlineData("1.1"), InlineData("2.0")]
    public async Task TLS_copies(string version)
    {
        using var certificate = SelfSigned();
        await using var host = await StartAsync(listen: options => options.UseHttps(certificate));
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, seen, _, _) => certificate.Equals(seen);
        using var http = new HttpClient(handler)
        {
            BaseAddress = new UriBuilder(host.Address) { Scheme = "https" }.Uri,
            DefaultRequestVersion = new Version(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await AssertServesAsync(host, http, zeroCopy: false);
    }

    internal static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    [Fact]
    public async Task HTTP_2_without_TLS_copies()
    {
        await using var host = await StartAsync(listen: options => options.Protocols = HttpProtocols.Http2);
        using var http = new HttpClient
        {
            BaseAddress = host.Address, DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await AssertServesAsync(host, http, zeroCopy: false);
    }

    [Fact]
    public async Task An_in_memory_test_server_copies()
    {
        await using var host = await StartAsync(configure: app => app.WebHost.UseTestServer());
        using var http = host.App.GetTestClient();
        await AssertServesAsync(host, http, zeroCopy: false);
    }

    [Fact]
    public async Task A_wrapped_body_copies()
    {
        await using var host = await StartAsync(use: app => app.Use(async (http, next) =>
        {
            var body = http.Response.Body;
            await using var wrapped = new BufferedStream(body, 1);
            http.Response.Body = wrapped;
            await next();
            await wrapped.FlushAsync(Ct);
            http.Response.Body = body;
        }));
        using var http = new HttpClient { BaseAddress = host.Address };
        await AssertServesAsync(host, http, zeroCopy: false);
    }

    [Fact]
    public async Task Other_answers_on_the_same_connection_are_whole()
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToHexString(Bytes)); // 10 MB, more than any socket buffer
        await using var host = await StartAsync(use: app => app.Use(async (http, next) =>
        {
            if (!http.Request.Path.StartsWithSegments("/text")) await next();
            else if (http.Request.Path == "/text/chunked") // no Content-Length, many writes of all sizes
                for (int at = 0, size; at < text.Length; at += size)
                {
                    size = Math.Min(at + 1, text.Length - at);
                    await http.Response.Body.WriteAsync(text.AsMemory(at, size), http.RequestAborted);
                }
            else
                await http.Response.BodyWriter.WriteAsync(text, Ct);
        }));
        var blob = await host.AddAsync(Bytes);
        using var http = new HttpClient { BaseAddress = host.Address };
        foreach (var path in new[] { "/text/chunked", $"/blobs/{blob.Digest}/f", "/text/whole", "/text/chunked" })
        {
            var expected = path.StartsWith("/text", StringComparison.Ordinal) ? text : Bytes;
            AssertSame(expected, await http.GetByteArrayAsync(new Uri(path, UriKind.Relative), Ct));
        }
    }

    [Fact]
    public async Task A_write_given_up_ends_the_connection_as_it_does_without()
    {
        var text = RandomBytes(12 << 20);
        var givenUp = new TaskCompletionSource();
        await using var host = await StartAsync(use: app => app.Run(async http =>
        {
            http.Response.ContentLength = text.Length;
            using var impatient = new CancellationTokenSource(100);
            try
            {
                await http.Response.Body.WriteAsync(text, impatient.Token);
            }
            catch (OperationCanceledException)
            {
                givenUp.SetResult();
            }
        }));
        using var client = await RawClient.ConnectAsync(host.Address, receiveBuffer: 4096);
        await client.GetAsync(new Uri(host.Address, "/"));
        await givenUp.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.InRange((await client.ReadUpToAsync(text.Length)).Length, 0, text.Length - 1);
    }

    [Fact]
    public async Task A_request_body_is_taken_with_100_continue()
    {
        await using var host = await StartAsync(use: app => app.Run(async http =>
        {
            var received = new MemoryStream();
            await http.Request.Body.CopyToAsync(received, Ct);
            await http.Response.WriteAsync($"{received.Length}", Ct);
        }));
        using var http = new HttpClient { BaseAddress = host.Address };
        http.DefaultRequestHeaders.ExpectContinue = true;
        using var answer = await http.PostAsync(new Uri("/", UriKind.Relative), new ByteArrayContent(Bytes), Ct);
        Assert.Equal($"{Bytes.Length}", await answer.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public void Only_one_type_of_the_folder_is_seen_outside()
    {
        var architecture = new ArchLoader().LoadAssemblies(typeof(ZeroCopyConnection).Assembly).Build();
        var inside = typeof(ZeroCopyConnection).Namespace!;
        var seen = architecture.Types
            .Where(type => type.Namespace?.FullName != inside)
            .SelectMany(type => type.Dependencies)
            .Where(dependency => dependency.Target.Namespace?.FullName == inside)
            .Select(dependency => dependency.Target.FullName).Distinct();
        Assert.Equal([typeof(ZeroCopyConnection).FullName!], seen);
        Assert.Equal([typeof(ZeroCopyConnection)], typeof(ZeroCopyConnection).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == inside));
    }
}
