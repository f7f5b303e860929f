using System.Net;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Nix.Nars;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Jobs;

/// <summary>A fleet's ten hosts are one image with a variant each: one refresh, one version.</summary>
[Trait("category", "slow")]
public sealed class VariantTests
{
    private const string X86 = "x86_64-linux";
    private static readonly string[] Hosts = [.. Enumerable.Range(0, 10).Select(i => $"web-{i}")];

    [Fact]
    public async Task Ten_hosts_of_a_fleet_are_ten_variants_of_one_version_and_each_machine_boots_its_own()
    {
        await using var host = await SourceHost.StartAsync();
        using var cache = new FakeCache(host);
        await using var app = new NetbootApp();
        await app.Admin.PutAsync("/api/v1/images/fleet", new
        {
            source = new
            {
                type = "cache", url = cache.Url, publicKeys = new[] { cache.PublicKey },
                storePath = Hosts.ToDictionary(name => name, name => Netboot(cache, name).ToString()),
            },
            systems = new[] { X86 },
        });
        var version = await RefreshAsync(app);

        var shown = (await app.Admin.GetAsync($"/api/v1/images/fleet/versions/{version}")).Is(HttpStatusCode.OK);
        var variants = shown.Json.GetProperty("systems").GetProperty(X86).GetProperty("variants");
        Assert.Equal(Hosts, variants.EnumerateObject().Select(variant => variant.Name));
        Assert.Single((await app.Admin.GetAsync("/api/v1/images/fleet/versions")).Items("id"));
        Assert.Equal(11, variants.EnumerateObject().SelectMany(variant => new[] { "kernel", "initrd" }
            .Select(role => variant.Value.GetProperty(role).GetProperty("sha256").GetString())).Distinct().Count());

        await app.Admin.PutAsync("/api/v1/profiles/fleet", new { image = "fleet", variant = "{machine}" });
        await app.Admin.PutAsync("/api/v1/machines/web-7", """{"macs":["525400070007"],"profile":"fleet"}""");
        await app.Admin.PutAsync("/api/v1/machines/db", """{"macs":["525400070008"],"profile":"fleet"}""");
        await app.Admin.PutAsync("/api/v1/machines/spare", """{"macs":["525400070009"],"profile":"fleet","variant":"web-3"}""");
        var plan = (await app.Admin.GetAsync("/api/v1/machines/web-7/plan?arch=x86_64")).Is(HttpStatusCode.OK);
        Assert.Equal(("fleet", "web-7", version), (plan["image"], plan["variant"], plan["version"]));
        foreach (var (mac, variant) in new[] { ("525400070007", "web-7"), ("525400070009", "web-3") })
        {
            var script = await app.Machine.ScriptAsync(mac);
            Assert.Contains(variants.GetProperty(variant).GetProperty("initrd").GetProperty("sha256").GetString()!,
                script, StringComparison.Ordinal);
            Assert.Contains($"-{variant}/init", script, StringComparison.Ordinal);
        }
        Assert.Contains("has no variant 'db'", await app.Machine.ScriptAsync("525400070008"), StringComparison.Ordinal);

        // Nothing has changed: no other version. One host has: one more, with nine as they were.
        Assert.Equal(version, await RefreshAsync(app));
        Netboot(cache, "web-3", seed: 500);
        await app.Admin.PatchAsync("/api/v1/images/fleet", new
        {
            source = new
            {
                storePath = new Dictionary<string, string>
                {
                    ["web-3"] = FakeCache.PathOf("netboot-web-3-500").ToString(),
                },
            },
        });
        Assert.NotEqual(version, await RefreshAsync(app));
        Assert.Equal(2, (await app.Admin.GetAsync("/api/v1/images/fleet/versions")).Items("id").Count);
    }

    private static async Task<string> RefreshAsync(NetbootApp app)
    {
        var job = (await app.Admin.PostAsync("/api/v1/images/fleet/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var ended = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.True(ended["state"] == "succeeded", ended.Text);
        return ended["version"]!;
    }

    /// <summary>One kernel for all, an initrd for each.</summary>
    private static StorePath Netboot(FakeCache cache, string name, int seed = 100)
    {
        var system = cache.Add(name, Node.Folder(("init", Node.File("#!"))));
        var initrd = FakeBoot.Initrd(seed + name[^1]);
        return cache.Add(seed == 100 ? $"netboot-{name}" : $"netboot-{name}-{seed}", Node.Folder(
            ("bzImage", new FileNode(FakeBoot.Kernel(), false)),
            ("init", Node.Link($"{system}/init")),
            ("initrd", new FileNode(initrd, false)),
            ("kernel-params", Node.File("console=ttyS0"))), system);
    }
}
