using System.Net;
using Microsoft.AspNetCore.Http;
using NetbootServer.Archives;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Nix.Nars;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>
/// Whatever a source sends that it should not: the job fails with the reason in words, the current version goes on
/// serving, and nothing half-made remains.
/// </summary>
[Trait("category", "slow")]
public sealed class BadSourceTests(BadSourceTests.World world) : IClassFixture<BadSourceTests.World>
{
    private const string X86 = "x86_64-linux";
    private static int _lastSeed;
    private readonly int _seed = Interlocked.Add(ref _lastSeed, 10);
    private readonly SourceHost _host = world.Host;
    private readonly NetbootApp _app = world.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Image => $"image-{_seed}";

    public static TheoryData<string, Action<FakeRelease, SourceHost>, string, string> Releases() => new()
    {
        { "a wrong hash", (release, _) => release.SetDigest($"initrd-{X86}", new string('0', 64)), "source-damaged",
            "have the SHA-256" },
        { "a truncated body", (release, _) => release.Stored($"initrd-{X86}").CutAt(100_000), "source-unreachable",
            "broke off" },
        { "a web page for a kernel", (release, _) =>
            release.Put($"bzImage-{X86}", "<!DOCTYPE html><title>Sign in"u8.ToArray()),
            "source-not-bootable", "This is an HTML page" },
        { "a redirect loop", (_, host) => Redirect(host, "/api/release", "/api/release"), "source-refused",
            "in a circle" },
        { "a redirect to no plain address", (_, host) => Redirect(host, "/api/release", "file:///etc/passwd"),
            "source-refused", "neither http nor https" },
        { "an upstream that stalls", (release, _) => Write(release, async (http, rest) =>
            {
                await http.Response.Body.WriteAsync(rest[..1000], Ct);
                await http.Response.Body.FlushAsync(Ct);
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }), "source-too-slow", "sent nothing for 10 s" },
        { "an upstream that trickles", (release, _) => Write(release, async (http, rest) =>
            {
                for (var at = 0; at < rest.Length; at += 10)
                {
                    await http.Response.Body.WriteAsync(rest.Slice(at, 10), http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                    await Task.Delay(20, http.RequestAborted);
                }
            }), "source-too-slow", "Images:MinBytesPerSecond" },
        { "a URL in its document elsewhere", (_, host) => host.Route("/api/release", http => http.Response.WriteAsync(
            $$"""{"assets":[{"name":"netboot-{{X86}}.ipxe","browser_download_url":"http://169.254.169.254/latest"}]}""", Ct)),
            "source-refused", "outside of Images:AllowedSources" },
        { "a 10 GB surprise", (release, _) =>
            {
                release.SetSize($"initrd-{X86}", 10L << 30);
                release.Stored($"initrd-{X86}").SaysLength = false;
                Write(release, async (http, _) =>
                {
                    http.Response.ContentLength = 10L << 30;
                    await http.Response.Body.FlushAsync(Ct);
                    await Task.Delay(Timeout.Infinite, http.RequestAborted);
                });
            }, "source-too-large", "bytes that are allowed" },
        { "parts of ever newer builds", (release, _) => Renew(release, 5000), "source-changing",
            "was replaced while the release was read" },
    };

    [Theory, MemberData(nameof(Releases))]
    public async Task A_release_with(string what, Action<FakeRelease, SourceHost> arrange, string type, string detail)
    {
        var release = FakeRelease.Of(_host, _seed);
        await MakeAsync(new { type = "release", url = release.Url, api = release.Api });
        var good = await RefreshAsync("succeeded");
        release.Publish(X86, _seed + 1);
        arrange(release, _host);
        await FailsAsync(what, type, detail, good);
    }

    public static TheoryData<string, Action<FakeCache, SourceHost>, string, string> Caches()
    {
        var bytes = NarText.Of(new FileNode(FakeBoot.Tarball(9), false));
        Action<FakeCache, SourceHost> Bad(Func<NarFields, NarFields> change, byte[]? nar = null) =>
            (cache, _) => cache.Add("x.tar.gz", nar ?? bytes, [], NarCompression.None, change);
        Action<FakeCache, SourceHost> Names(params string[] names) =>
            Bad(fields => fields, NarText.Of(new FolderNode([.. names.Select(name => (name, (Node)Node.File("")))])));
        return new()
        {
            { "a NAR with ..", Names(".."), "source-damaged", "'..' is no name of a file" },
            { "an absolute name", Names("/etc"), "source-damaged", "'/etc' is no name of a file" },
            { "unsorted names", Names("b", "a"), "source-damaged", "out of order" },
            { "a duplicate name", Names("a", "a"), "source-damaged", "stands twice" },
            { "a NAR longer than it says", Bad(fields => fields with { NarSize = bytes.Length - 8 }), "source-damaged",
                "more than" },
            { "a wrong hash", Bad(fields => fields with { NarHash = new NixHash(default) }), "source-damaged",
                "have the SHA-256" },
            { "a decompression bomb", (cache, host) =>
                {
                    var path = cache.Add("x.tar.gz", bytes, [], NarCompression.Zstd, fields =>
                        fields with { FileSize = null });
                    host.Put($"/cache/nar/{path.HashPart}.nar", new ZstdSharp.Compressor().Wrap(new byte[100_000_000])
                        .ToArray());
                }, "source-damaged", "is damaged" },
            { "10 GB", Bad(fields => fields with { NarSize = 10L << 30 }), "source-too-large",
                "Images:MaxArtifactBytes" },
            { "a bad signature", Bad(fields => fields with { Signature = "test-1:" + new string('A', 86) + "==" }),
                "source-unsigned", "does not match" },
            { "no signature", Bad(fields => fields with { Signature = "" }), "source-unsigned", "has no signature" },
            { "a narinfo for another path", (cache, host) =>
                {
                    var other = cache.Add("other", bytes, []);
                    host.Put($"/cache/{FakeCache.PathOf("x.tar.gz").HashPart}.narinfo",
                        host.File($"/cache/{other.HashPart}.narinfo").Bytes);
                }, "source-damaged", "is about /nix/store/" },
        };
    }

    [Theory, MemberData(nameof(Caches))]
    public async Task A_cache_with(string what, Action<FakeCache, SourceHost> arrange, string type, string detail)
    {
        using var cache = new FakeCache(_host);
        cache.Add("good.tar.gz", NarText.Of(new FileNode(FakeBoot.Tarball(), false)), []);
        object Source(string name) =>
            new
            {
                type = "cache", url = cache.Url, publicKeys = new[] { cache.PublicKey },
                storePath = $"{FakeCache.PathOf(name)}"
            };
        await MakeAsync(Source("good.tar.gz"));
        var good = await RefreshAsync("succeeded");
        await MakeAsync(Source("x.tar.gz"));
        arrange(cache, _host);
        await FailsAsync(what, type, detail, good);
    }

    [Fact]
    public async Task A_build_without_Nix()
    {
        await MakeAsync(new { type = "nix", installable = $"path:{world.Root.FullName}#x" });
        await FailsAsync("no Nix", "nix-missing", "Install Nix", null);
    }

    [Theory]
    [InlineData("an option", """{"type":"nix","installable":"--option#x"}""", "$.source.installable")]
    [InlineData("an installable outside of the roots", """{"type":"nix","installable":"path:/etc#x"}""", "$.source.installable")]
    [InlineData("a folder outside of the roots", """{"type":"directory","path":"/etc"}""", "$.source.path")]
    [InlineData("a URL elsewhere", """{"type":"release","url":"https://evil.example/"}""", "$.source.url")]
    public async Task A_source_that_is_not_allowed_is_not_even_kept(string what, string source, string path)
    {
        Assert.NotEmpty(what);
        (await _app.Admin.PutAsync("/api/v1/images/bad", $$"""{"source":{{source}}}""")).IsInvalidAt(path);
        (await _app.Admin.GetAsync("/api/v1/images/bad")).Is(HttpStatusCode.NotFound);
    }

    private async Task MakeAsync(object source)
    {
        var made = await _app.Admin.PutAsync($"/api/v1/images/{Image}", new { source, systems = new[] { X86 } });
        Assert.True(made.Status is HttpStatusCode.Created or HttpStatusCode.OK, made.ToString());
    }

    private async Task<Answer> RefreshAsync(string state)
    {
        var job = (await _app.Admin.PostAsync($"/api/v1/images/{Image}/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var ended = await Until.AsAsync(() => _app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.True(ended["state"] == state, ended.Text);
        return ended;
    }

    private async Task FailsAsync(string what, string type, string detail, Answer? good)
    {
        var (blobs, downloads) = (Files("blobs"), Files("downloads"));
        var problem = (await RefreshAsync("failed")).Json.GetProperty("problem");
        Assert.Equal($"/problems/{type}", problem.GetProperty("type").GetString());
        Assert.True(problem.GetProperty("detail").GetString()!.Contains(detail, StringComparison.Ordinal),
            $"{what}: {problem}");
        var image = (await _app.Admin.GetAsync($"/api/v1/images/{Image}")).Is(HttpStatusCode.OK);
        Assert.Equal(good?["version"], image["current"]);
        Assert.Equal(good is null ? 0 : 1, (await _app.Admin.GetAsync($"/api/v1/images/{Image}/versions")).Items("id")
            .Count);
        // Parts that came whole and right may stay for the next try, as may what broke off; halves never among blobs.
        Assert.All(Files("blobs").Except(blobs), file => Assert.Matches("/blobs/([0-9a-f]{2})/\\1[0-9a-f]{62}$", file));
        if (type is not ("source-unreachable" or "source-too-slow")) Assert.Empty(Files("downloads").Except(downloads));
        Assert.Empty(Files("nix-roots"));
    }

    private List<string> Files(string below)
    {
        var folder = Path.Combine(_app.Data, below);
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)] : [];
    }

    private static void Renew(FakeRelease release, int seed) => release.Stored($"initrd-{X86}").Before = () =>
    {
        release.Publish(X86, seed);
        Renew(release, seed + 1);
    };

    private static void Write(FakeRelease release, Func<HttpContext, ReadOnlyMemory<byte>, Task> write) =>
        release.Stored($"initrd-{X86}").Write = write;

    private static void Redirect(SourceHost host, string path, string target) => host.Route(path, http =>
    {
        http.Response.Redirect(target);
        return Task.CompletedTask;
    });

    /// <summary>The product with little patience, and a source host.</summary>
    public sealed class World : IAsyncLifetime
    {
        public DirectoryInfo Root { get; } = Directory.CreateTempSubdirectory("netboot-root-");
        public SourceHost Host { get; private set; } = null!;
        public NetbootApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Host = await SourceHost.StartAsync();
            App = new(new()
            {
                ["Jobs:MaxAttempts"] = "1", ["Images:Retries"] = "0", ["Images:RetryDelay"] = "00:00:00.010",
                ["Images:StallTimeout"] = "00:00:10", ["Images:MinBytesPerSecond"] = "1000",
                ["Images:RateWindow"] = "00:00:05",
                ["Images:MaxArtifactBytes"] = "5000000", ["Images:AllowedSources"] = Host.Url("/"),
                ["Images:DirectoryRoots"] = Root.FullName, ["Nix:Path"] = Path.Combine(Root.FullName, "no-nix"),
            });
        }

        public async ValueTask DisposeAsync()
        {
            await App.DisposeAsync();
            await Host.DisposeAsync();
            Root.Delete(recursive: true);
        }
    }
}
