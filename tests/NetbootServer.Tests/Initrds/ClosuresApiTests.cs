using System.Net;
using System.Text.Json;
using NetbootServer.Nix.Nars;
using NetbootServer.Sources;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Nix.Nars;
using NetbootServer.Tests.Sources;

namespace NetbootServer.Tests.Initrds;

/// <summary>What the API says of a version's closures.</summary>
[Trait("category", "slow")]
public sealed class ClosuresApiTests
{
    private const string X86 = "x86_64-linux";

    [Fact]
    public async Task A_closure_says_what_its_initrd_takes_and_how_much_of_it_other_versions_have()
    {
        await using var host = await SourceHost.StartAsync();
        using var cache = new FakeCache(host);
        await using var app = new NetbootApp();
        var first = new FakeSystem(cache).Add();
        var id = await FetchAsync(app, cache, "first", first);
        var alone = Assert.Single(await ClosuresAsync(app, "first", id));
        Assert.Equal((X86, first.ToString(), 6), (alone.GetProperty("system").GetString(),
            alone.GetProperty("toplevel").GetString(), alone.GetProperty("paths").GetInt32()));
        Assert.False(alone.TryGetProperty("variant", out _));
        var recipe = (await app.Admin.GetAsync($"/api/v1/images/first/versions/{id}")).Json
            .GetProperty("systems").GetProperty(X86);
        Assert.Equal(recipe.GetProperty("initrd").GetProperty("sizeBytes").GetInt64(), Bytes(alone, "packedBytes"));
        Assert.Equal(recipe.GetProperty("unpackedBytes").GetInt64(), Bytes(alone, "unpackedBytes"));
        Assert.Equal(recipe.GetProperty("memoryBytes").GetInt64(), Bytes(alone, "memoryBytes"));
        Assert.Equal(0, Bytes(alone, "sharedBytes"));

        // Another image with one path more: all is shared but the system itself, which names the path.
        var changed = cache.Add("motd", Node.File("hello"));
        var second = new FakeSystem(cache).Add(further: [changed],
            init: $"#!{FakeCache.PathOf("bash")}/bin/bash\necho changed\n");
        var other = await FetchAsync(app, cache, "second", second);
        var shared = Bytes(Assert.Single(await ClosuresAsync(app, "first", id)), "sharedBytes");
        var after = Assert.Single(await ClosuresAsync(app, "second", other));
        Assert.Equal(7, after.GetProperty("paths").GetInt32());
        Assert.Equal(shared, Bytes(after, "sharedBytes"));
        Assert.InRange(shared, 1, Bytes(alone, "packedBytes") - 1);
        (await app.Admin.DeleteAsync("/api/v1/images/second")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, Bytes(Assert.Single(await ClosuresAsync(app, "first", id)), "sharedBytes"));
    }

    [Fact]
    public async Task A_version_that_was_made_of_files_has_no_closures_and_what_is_not_there_is_not_found()
    {
        await using var app = new NetbootApp();
        await app.Admin.PutAsync("/api/v1/images/files", """{"source":{"type":"upload"}}""");
        var id = (await app.Admin.UploadAsync("files", ("x86_64-linux/kernel", BootFiles.Kernel()),
            ("x86_64-linux/initrd", BootFiles.Initrd()))).Is(HttpStatusCode.Created)["id"];
        Assert.Empty(await ClosuresAsync(app, "files", id!));
        (await app.Admin.GetAsync("/api/v1/images/files/versions/none/closures")).Is(HttpStatusCode.NotFound);
        (await app.Admin.GetAsync("/api/v1/images/none/versions/none/closures")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public void The_system_is_read_from_the_head_of_a_closure_that_is_cut_off()
    {
        const string Json = """{"toplevel":"/nix/store/0000-nixos","init":"/nix/store/0000-nixos/init","paths":[{""";
        Assert.Equal("/nix/store/0000-nixos", ClosureViews.ToplevelIn(Json));
        Assert.Throws<InvalidDataException>(() => ClosureViews.ToplevelIn("""{"paths":[]}"""));
        Assert.Throws<InvalidDataException>(() => ClosureViews.ToplevelIn("""{"toplevel":"/nix/st"""));
    }

    private static long Bytes(JsonElement closure, string name) => closure.GetProperty(name).GetInt64();

    private static async Task<List<JsonElement>> ClosuresAsync(NetbootApp app, string image, string version) =>
        [.. (await app.Admin.GetAsync($"/api/v1/images/{image}/versions/{version}/closures")).Is(HttpStatusCode.OK)
            .Json.GetProperty("items").EnumerateArray()];

    private static async Task<string> FetchAsync(NetbootApp app, FakeCache cache, string image, StorePath top)
    {
        (await app.Admin.PutAsync($"/api/v1/images/{image}", new
        {
            source = new
            {
                type = "cache", url = cache.Url, publicKeys = new[] { cache.PublicKey }, storePath = top.ToString(),
            },
            systems = new[] { X86 },
        })).Is(HttpStatusCode.Created);
        var job = (await app.Admin.PostAsync($"/api/v1/images/{image}/refreshes", new { }))
            .Is(HttpStatusCode.Accepted)["id"];
        var ended = await Until.AsAsync(() => app.Admin.GetAsync($"/api/v1/jobs/{job}"), answer =>
            answer["endedAt"] is not null, "the job to end");
        Assert.True(ended["state"] == "succeeded", ended.Text);
        return ended["version"]!;
    }
}
