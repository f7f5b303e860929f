using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Scripts;
using NetbootServer.Images;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>Boots of versions with several initrds, an EFI program and further files.</summary>
public sealed class RecipeBootTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static readonly byte[] Root = [.. "hsqs"u8, .. new byte[1000]], ArmRoot = [.. "hsqs"u8, .. new byte[2000]];
    private readonly Caller _admin = app.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<string> PrepareAsync(string name, string mac, int seed)
    {
        await _admin.PutAsync($"/api/v1/images/{name}", """{"source":{"type":"upload"}}""");
        var version = (await _admin.UploadAsync(name, ("x86_64-linux/kernel", BootFiles.Kernel(seed)),
            ("x86_64-linux/efi", BootFiles.Efi(seed)),
            ("x86_64-linux/initrd", BootFiles.Initrd(seed)), ("x86_64-linux/initrd", BootFiles.Initrd(seed + 1, 5000)),
            ("x86_64-linux/files/root", Root), ("aarch64-linux/efi", BootFiles.Efi(seed, machine: 0xAA64)),
            ("aarch64-linux/files/root", ArmRoot), ("aarch64-linux/files/only-arm", Root))).Is(HttpStatusCode.Created);
        await _admin.PutAsync($"/api/v1/profiles/{name}", new { image = name });
        (await _admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { mac }, profile = name }))
            .Is(HttpStatusCode.Created);
        return version["id"]!;
    }

    /// <summary>Where a script fetches its files from, in order, as paths.</summary>
    private static List<string> PathsIn(string script) =>
    [
        .. script.Split('\n').Where(line => line.StartsWith("kernel ", StringComparison.Ordinal)
            || line.StartsWith("initrd ", StringComparison.Ordinal))
            .Select(line => new Uri(line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)))
                .PathAndQuery),
    ];

    private Task<byte[]> BytesAsync(string path) => app.Machine.Client.GetByteArrayAsync(path, Ct);

    [Fact]
    public async Task The_timeline_counts_all_initrds_as_one_step_and_a_version_is_proved_by_all_of_them()
    {
        const string Mac = "52-54-00-0e-00-01";
        var id = await PrepareAsync("proved", Mac, 10);
        var script = await app.Machine.ScriptAsync(Mac);
        var paths = PathsIn(script);
        Assert.Equal(["efi", "initrd", "initrd2"], paths.Select(path => path.Split('?')[0].Split('/')[^1]));
        Assert.Equal(BootFiles.Efi(10), await BytesAsync(paths[0]));
        Assert.Equal(BootFiles.Initrd(10), await BytesAsync(paths[1]));
        await app.Machine.GetAsync($"{script.BootPath()}/ready");
        await app.Machine.Client.PostAsync(new Uri($"{script.BootPath()}/up", UriKind.Relative), null, Ct);
        var boot = await _admin.BootWithAsync("proved", "up");
        var initrd = StepOf(await WhenAsync(boot["id"]!, answer => StepOf(answer, "initrd")
            .TryGetProperty("bytes", out _)), "initrd");
        Assert.Equal((4096, 9096), (initrd.GetProperty("bytes").GetInt64(), initrd.GetProperty("totalBytes")
            .GetInt64()));
        Assert.False(initrd.TryGetProperty("durationSeconds", out _));
        Assert.False(initrd.TryGetProperty("count", out _));
        Assert.Equal("False", await PhonesHomeAsync());

        script = await app.Machine.ScriptAsync(Mac);
        paths = PathsIn(script);
        foreach (var path in paths) await BytesAsync(path);
        await app.Machine.GetAsync($"{script.BootPath()}/ready");
        Assert.Equal(Root, await BytesAsync($"{script.BootPath()}/files/root"));
        await app.Machine.Client.PostAsync(new Uri($"{script.BootPath()}/up", UriKind.Relative), null, Ct);
        boot = await _admin.BootWithAsync("proved", "up");
        boot = await WhenAsync(boot["id"]!, answer => answer.Json.GetProperty("steps").GetArrayLength() == 6
            && StepOf(answer, "files").TryGetProperty("durationSeconds", out _));
        Assert.Equal(["script", "kernel", "initrd", "ready", "files", "up"],
            boot.Json.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()));
        initrd = StepOf(boot, "initrd");
        Assert.Equal((9096, 9096), (initrd.GetProperty("bytes").GetInt64(), initrd.GetProperty("totalBytes")
            .GetInt64()));
        Assert.True(initrd.TryGetProperty("durationSeconds", out _));
        Assert.Equal(1004, StepOf(boot, "files").GetProperty("bytes").GetInt64());
        Assert.Equal("True", await PhonesHomeAsync());

        async Task<string?> PhonesHomeAsync() =>
            (await _admin.GetAsync($"/api/v1/images/proved/versions/{id}"))["phonesHome"];
    }

    private Task<Answer> WhenAsync(string boot, Func<Answer, bool> good) =>
        Until.AsAsync(() => _admin.GetAsync($"/api/v1/boots/{boot}"), good, "the boot's steps");

    private static JsonElement StepOf(Answer boot, string name) => boot.Json.GetProperty("steps").EnumerateArray()
        .FirstOrDefault(step => step.GetProperty("name")
            .GetString() == name) is { ValueKind: JsonValueKind.Object } step
        ? step : JsonDocument.Parse("{}").RootElement;

    [Fact]
    public async Task A_BIOS_machine_takes_the_kernel_and_one_without_gets_a_script_that_says_so()
    {
        const string Mac = "52-54-00-0e-00-02";
        await PrepareAsync("bios", Mac, 20);
        var script = (await app.Machine.GetAsync($"/boot/script?mac={Mac}&arch=i386&platform=pcbios")).Text;
        Assert.Equal(["kernel", "initrd", "initrd2"], PathsIn(script)
            .Select(path => path.Split('?')[0].Split('/')[^1]));
        Assert.Contains(" initrd=initrd initrd=initrd2 netboot.boot=", script, StringComparison.Ordinal);
        await _admin.PatchAsync("/api/v1/images/bios", """{"keep":5}""");
        (await _admin.UploadAsync("bios", ("x86_64-linux/efi", BootFiles.Efi(21)))).Is(HttpStatusCode.Created);
        script = (await app.Machine.GetAsync($"/boot/script?mac={Mac}&arch=i386&platform=pcbios")).Text;
        Assert.Contains("has only an EFI program for x86_64-linux", script, StringComparison.Ordinal);
        Assert.Empty(PathsIn(script));
        var efi = await app.Machine.ScriptAsync(Mac);
        Assert.Equal("efi", Assert.Single(PathsIn(efi)).Split('?')[0].Split('/')[^1]);
        Assert.DoesNotContain("initrd=", efi, StringComparison.Ordinal);
        Assert.DoesNotContain("nb-step initrd", efi, StringComparison.Ordinal);
        var plan = await _admin.GetAsync("/api/v1/machines/bios/plan?platform=");
        Assert.True((await _admin.GetAsync("/api/v1/machines/bios/plan?platform=pcbios"))["action"] == "error",
            plan.Text);
    }

    [Fact]
    public async Task Further_files_are_those_of_what_the_boot_loads()
    {
        const string Mac = "52-54-00-0e-00-03";
        await PrepareAsync("files", Mac, 30);
        var boot = (await app.Machine.ScriptAsync(Mac)).BootPath();
        var arm = (await app.Machine.GetAsync($"/boot/script?mac={Mac}&arch=arm64&platform=efi")).Text.BootPath();
        Assert.Equal(Root, await BytesAsync($"{boot}/files/root"));
        Assert.Equal(Root, await BytesAsync($"{boot}/files/arch/x86_64/root")); // with a loader's own folders
        Assert.Equal(ArmRoot, await BytesAsync($"{arm}/files/root"));
        (await app.Machine.GetAsync($"{boot}/files/only-arm")).Is(HttpStatusCode.NotFound);
        Assert.Equal(Root, await BytesAsync($"{arm}/files/only-arm"));
        foreach (var name in new[] { "initrd", "other", "..", "%2e%2e", "ROOT", new string('a', 3000) })
            (await app.Machine.GetAsync($"{boot}/files/{name}")).Is(HttpStatusCode.NotFound);
        (await app.Machine.GetAsync($"/boots/{new string('A', BootTokens.Length)}/files/root"))
            .Is(HttpStatusCode.NotFound);

        var head = (await app.Machine.HeadAsync($"{boot}/files/root")).Is(HttpStatusCode.OK);
        Assert.Equal((1004L, "no-cache", "nosniff"),
            (head.Message.Content.Headers.ContentLength, head.Header("Cache-Control"),
                head.Header("X-Content-Type-Options")));
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(Root))}\"";
        using var range = new HttpRequestMessage(HttpMethod.Get,
            $"{boot}/files/root")
        { Headers = { { "Range", "bytes=0-3" }, { "If-Range", tag } } };
        using var part = await app.Machine.Client.SendAsync(range, Ct);
        Assert.Equal((HttpStatusCode.PartialContent, tag), (part.StatusCode, part.Headers.ETag?.Tag));
        Assert.Equal("hsqs"u8.ToArray(), await part.Content.ReadAsByteArrayAsync(Ct));
        using var beyond = new HttpRequestMessage(HttpMethod.Get,
            $"{boot}/files/root")
        { Headers = { { "Range", "bytes=1004-" } } };
        using var refused = await app.Machine.Client.SendAsync(beyond, Ct);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, refused.StatusCode);
    }

    [Fact]
    public async Task A_token_that_does_not_say_the_recipe_gets_only_what_all_recipes_have_alike()
    {
        var id = await PrepareAsync("old", "52-54-00-0e-00-04", 40);
        var (token, ticket) = app.Services.GetRequiredService<BootTokens>().Mint(0, id, tookNextBoot: false);
        Assert.Null(ticket.Recipe);
        (await app.Machine.GetAsync($"/boots/{token}/files/root")).Is(HttpStatusCode.NotFound);
        Assert.Equal(Root, await BytesAsync($"/boots/{token}/files/only-arm"));
        var (gone, _) = app.Services.GetRequiredService<BootTokens>()
            .Mint(0, new string('7', 32), tookNextBoot: false, recipe: 0);
        Assert.Contains("not kept any more", (await app.Machine.GetAsync($"/boots/{gone}/files/root"))
            .Is(HttpStatusCode.NotFound).Text,
            StringComparison.Ordinal);
        var (beyond, _) = app.Services.GetRequiredService<BootTokens>().Mint(0, id, tookNextBoot: false, recipe: 65535);
        (await app.Machine.GetAsync($"/boots/{beyond}/files/root")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_version_stays_while_a_booted_system_may_still_fetch_its_files()
    {
        const string Mac = "52-54-00-0e-00-06";
        var id = await PrepareAsync("needed", Mac, 60);
        await _admin.PatchAsync("/api/v1/images/needed", """{"keep":1}""");
        var boot = (await app.Machine.ScriptAsync(Mac)).BootPath();
        await app.Machine.GetAsync($"{boot}/ready");
        await _admin.BootWithAsync("needed", "ready");
        await _admin.AddVersionAsync("needed", 61);
        var retention = app.Services.GetRequiredService<Retention>();
        await retention.CleanUpAsync(interrupted: false, Ct);
        Assert.Equal(Root, await BytesAsync($"{boot}/files/root"));
        await app.Machine.Client.PostAsync(new Uri($"{boot}/up", UriKind.Relative), null, Ct);
        await _admin.BootWithAsync("needed", "up");
        await retention.CleanUpAsync(interrupted: false, Ct);
        (await _admin.GetAsync($"/api/v1/images/needed/versions/{id}")).Is(HttpStatusCode.NotFound);
        (await app.Machine.GetAsync($"{boot}/files/root")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_template_has_the_list_of_initrds()
    {
        const string Mac = "52-54-00-0e-00-05";
        await PrepareAsync("listed", Mac, 50);
        (await _admin.PatchAsync("/api/v1/profiles/listed", new
        {
            template = "#!ipxe\n{{ begin }}\nkernel --name efi {{ kernel }} {{ command_line }} || goto failed\n"
                + "{{ for url in initrds }}initrd --name initrd{{ if for.index > 0 }}{{ for.index + 1 }}{{ end }} {{ " +
                "url }} || goto failed\n{{ end }}"
                + "# first: {{ initrd }}\nboot || goto failed\n{{ failed }}\n",
        })).Is(HttpStatusCode.OK);
        var script = await app.Machine.ScriptAsync(Mac);
        var paths = PathsIn(script);
        Assert.Equal(["efi", "initrd", "initrd2"], paths.Select(path => path.Split('?')[0].Split('/')[^1]));
        Assert.Contains("initrd --name initrd2 http", script, StringComparison.Ordinal);
        Assert.Contains("# first: http", script, StringComparison.Ordinal);
        Assert.Equal(BootFiles.Initrd(51, 5000), await BytesAsync(paths[2]));
    }
}
