using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetbootServer.Boots.Transfers;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>A cache in front of <c>/blobs</c>: <c>Blobs:PublicUrl</c>.</summary>
[Trait("category", "slow")]
public sealed class BlobCacheTests : IAsyncDisposable
{
    private readonly SetClock _clock = new();
    private readonly NetbootApp _app;

    public BlobCacheTests() => _app = new(
        new() { ["Blobs:PublicUrl"] = "http://cache.lan:8081/" }, services =>
        services.AddSingleton<TimeProvider>(_clock));

    [Fact]
    public async Task Scripts_name_the_cache_with_the_same_urls_for_every_boot()
    {
        await _app.Admin.MakeImageAsync("img", seed: 5);
        await _app.Admin.PutAsync("/api/v1/profiles/p", """{"image":"img"}""");
        await _app.Admin.PutAsync("/api/v1/profiles/own", """{"image":"img","template":"#!ipxe\nkernel {{ kernel }}\ninitrd {{ initrd }}\n{{ load }}\n"}""");
        await _app.Admin.PutAsync("/api/v1/machines/a", """{"macs":["525400130001"],"profile":"p"}""");
        await _app.Admin.PutAsync("/api/v1/machines/b", """{"macs":["525400130002"],"profile":"own"}""");
        var (one, again) = (await _app.Machine.ScriptAsync("525400130001"),
            await _app.Machine.ScriptAsync("525400130001"));
        var own = await _app.Machine.ScriptAsync("525400130002");
        var urls = UrlsIn(one);
        Assert.Equal(2, urls.Length);
        Assert.All(urls, url => Assert.Matches("^http://cache.lan:8081/blobs/[0-9a-f]{64}/(kernel|initrd)$", url));
        Assert.Equal(urls, UrlsIn(again));
        Assert.Equal([.. urls, .. urls], UrlsIn(own));
        Assert.DoesNotContain("?boot=", one + own, StringComparison.Ordinal);
        Assert.StartsWith("/boots/", one.BootPath(), StringComparison.Ordinal); // reports still come here
        foreach (var url in urls) (await _app.Machine.GetAsync(new Uri(url).AbsolutePath)).Is(HttpStatusCode.OK);

        var script = (await _app.Machine.GetAsync("/images/img/netboot-x86_64-linux.ipxe")).Is(HttpStatusCode.OK).Text;
        Assert.Equal(urls.Select(url => url[..url.LastIndexOf('/')]), UrlsIn(script)
            .Select(url => url[..url.LastIndexOf('/')]));
        Assert.Contains("initrd=initrd-x86_64-linux", script, StringComparison.Ordinal);
        Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(script))),
            (await _app.Machine.GetAsync("/images/img/netboot-x86_64-linux.ipxe.sha256")).Text,
            StringComparison.Ordinal);
        Assert.Contains("http://cache.lan:8081/blobs/",
            (await _app.Admin.GetAsync("/api/v1/machines/a/plan"))["script"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_boot_says_that_its_progress_is_not_known()
    {
        await _app.Admin.MakeImageAsync("img", seed: 5);
        await _app.Admin.PutAsync("/api/v1/profiles/p", """{"image":"img"}""");
        await _app.Admin.PutAsync("/api/v1/machines/a", """{"macs":["525400130001"],"profile":"p"}""");
        var script = await _app.Machine.ScriptAsync("525400130001");
        Assert.Equal("False", (await _app.Admin.BootWithAsync("a", "running"))["progressKnown"]);
        // That nothing is asked for here says nothing.
        _clock.Pass(TimeSpan.FromMinutes(5));
        _app.Services.GetServices<IHostedService>().OfType<BootWatch>().Single().LookAtTransfers();
        (await _app.Machine.GetAsync($"{script.BootPath()}/ready")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain(_app.Log.All, line => line.Contains("stalled at", StringComparison.Ordinal));
        Assert.Equal("False", (await _app.Admin.BootWithAsync("a", "ready"))["progressKnown"]);
    }

    [Fact]
    public async Task What_a_boot_teaches_is_taken_although_its_downloads_are_not_seen()
    {
        const string Uuid = "4c4c4544-0042-3510-8052-b4c04f561301";
        await _app.Admin.MakeImageAsync("img", seed: 5);
        await _app.Admin.PutAsync("/api/v1/profiles/p", """{"image":"img"}""");
        (await _app.Admin.PutAsync("/api/v1/machines/s", """{"serial":"RACK-1","profile":"p"}""")).Is(HttpStatusCode.Created);
        var boot = (await _app.Machine.ScriptAsync("525400130009", $"&serial=RACK-1&uuid={Uuid}")).BootPath();
        await _app.Admin.BootWithAsync("s", "running"); // its script is on record before the report comes
        (await _app.Machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        var seen = await _app.Admin.MachineWhenAsync("s", machine => machine.Json.TryGetProperty("reference", out _),
            "a reference");
        Assert.Equal("52:54:00:13:00:09", seen.Json.GetProperty("macs")[0].GetString());
        Assert.Equal(Uuid, seen.Json.GetProperty("reference").GetProperty("uuid").GetString());

        Assert.Equal("False", await PhonesHomeAsync());
        (await _app.Machine.PostAsync($"{boot}/up", "{}")).Is(HttpStatusCode.OK);
        await _app.Admin.BootWithAsync("s", "up");
        Assert.Equal("True", await PhonesHomeAsync());

        async Task<string> PhonesHomeAsync() => (await _app.Admin.GetAsync("/api/v1/images/img/versions")).Json
            .GetProperty("items")[0].GetProperty("phonesHome").ToString();
    }

    private static string[] UrlsIn(string script) =>
    [
        .. script.Split('\n').Where(line => line.StartsWith("kernel ", StringComparison.Ordinal)
            || line.StartsWith("initrd ", StringComparison.Ordinal))
            .Select(line => line.Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal))),
    ];

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
