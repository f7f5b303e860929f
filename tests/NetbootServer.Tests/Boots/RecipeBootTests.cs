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

    private async Task<string> UploadAsync(string name, string mac, params (string, object)[] parts)
    {
        await _admin.PutAsync($"/api/v1/images/{name}", """{"source":{"type":"upload"}}""");
        var version = (await _admin.UploadAsync(name, parts)).Is(HttpStatusCode.Created);
        await _admin.PutAsync($"/api/v1/profiles/{name}", new { image = name });
        await _admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { mac }, profile = name });
        return version["id"]!;
    }

    private async Task<string> ScriptAsync(string mac, string platform) =>
        (await app.Machine.GetAsync($"/boot/script?mac={mac}&arch=x86_64&platform={platform}")).Text;

    [Fact]
    public async Task A_kernel_without_an_initrd_boots()
    {
        const string Mac = "52-54-00-0e-00-07";
        await UploadAsync("alone", Mac, ("x86_64-linux/kernel", BootFiles.Kernel(70)));
        var script = await ScriptAsync(Mac, "pcbios");
        Assert.Equal("kernel", Assert.Single(PathsIn(script)).Split('?')[0].Split('/')[^1]);
        Assert.DoesNotContain("initrd", script, StringComparison.Ordinal);
        Assert.Equal(BootFiles.Kernel(70), await BytesAsync(PathsIn(script)[0]));
        await app.Machine.GetAsync($"{script.BootPath()}/ready");
        Assert.Equal(["script", "kernel", "ready"], (await _admin.BootWithAsync("alone", "ready")).Json
            .GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()));
        var plan = await _admin.GetAsync("/api/v1/machines/alone/plan?platform=efi");
        Assert.Contains("bios-only", plan.Json.GetProperty("warningCodes").EnumerateArray()
            .Select(code => code.GetString()));
        plan = await _admin.GetAsync("/api/v1/machines/alone/plan?platform=pcbios");
        Assert.Equal(("boot", "script"), (plan["action"], plan["commandLineFrom"]));
        Assert.DoesNotContain("bios-only", plan.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initrds_begin_on_a_multiple_of_4_where_iPXE_may_join_them_as_they_are()
    {
        const string Mac = "52-54-00-0e-00-08";
        await UploadAsync("odd", Mac, ("x86_64-linux/kernel", BootFiles.Kernel(71)),
            ("x86_64-linux/initrd", BootFiles.Initrd(71, 4097)), ("x86_64-linux/initrd", BootFiles.Initrd(72, 4096)),
            ("x86_64-linux/initrd", BootFiles.Initrd(73, 4099)), ("x86_64-linux/initrd", BootFiles.Initrd(74, 4098)));
        var script = await ScriptAsync(Mac, "efi");
        Assert.Contains(" initrd=initrd initrd=pad2 initrd=initrd2 initrd=initrd3 initrd=pad4 initrd=initrd4 " +
            "netboot.boot=", script, StringComparison.Ordinal);
        var paths = PathsIn(script).Skip(1).ToList();
        Assert.Equal(["initrd", "3", "initrd2", "initrd3", "1", "initrd4"],
            paths.Select(path => path.Split('?')[0].Split('/')[^1]));
        var at = 0;
        foreach (var path in paths)
        {
            var bytes = await BytesAsync(path);
            Assert.True(path.StartsWith("/boot/padding/", StringComparison.Ordinal) ? bytes.All(b => b == 0)
                : at % 4 == 0, path);
            at += bytes.Length;
        }
        // A BIOS's iPXE begins each on a page.
        script = await ScriptAsync(Mac, "pcbios");
        Assert.DoesNotContain("pad", script, StringComparison.Ordinal);
        var own = (await app.Machine.GetAsync("/images/odd/netboot-x86_64-linux.ipxe")).Text;
        Assert.Equal(2, own.Split("/boot/padding/").Length - 1);
        foreach (var count in new[] { "0", "4", "-1", "x" })
            (await app.Machine.GetAsync($"/boot/padding/{count}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_shim_is_loaded_on_UEFI_where_iPXE_has_the_command()
    {
        const string Mac = "52-54-00-0e-00-09";
        await UploadAsync("shimmed", Mac, ("x86_64-linux/kernel", BootFiles.Kernel(75)),
            ("x86_64-linux/initrd", BootFiles.Initrd(75)), ("x86_64-linux/shim", BootFiles.Efi(75)));
        var script = await ScriptAsync(Mac, "efi");
        var line = script.Split('\n').Single(text => text.Contains("&& shim ", StringComparison.Ordinal));
        Assert.Matches(@"^iseq \$\{platform\} efi && shim http\S+/shim\?boot=\S+ \|\|$", line);
        Assert.True(script.IndexOf(line, StringComparison.Ordinal)
            > script.IndexOf("\ninitrd ", StringComparison.Ordinal));
        Assert.True(script.IndexOf(line, StringComparison.Ordinal)
            < script.IndexOf("\nboot ", StringComparison.Ordinal));
        var url = line.Split(' ').Single(word => word.StartsWith("http", StringComparison.Ordinal));
        foreach (var path in PathsIn(script).Append(new Uri(url).PathAndQuery)) await BytesAsync(path);
        await app.Machine.GetAsync($"{script.BootPath()}/ready");
        var boot = await _admin.BootWithAsync("shimmed", "ready");
        boot = await WhenAsync(boot["id"]!, answer => StepOf(answer, "kernel").TryGetProperty("files", out _));
        Assert.Equal(["kernel 4096", "shim 4096"], StepOf(boot, "kernel").GetProperty("files").EnumerateArray()
            .Select(file => $"{file.GetProperty("name").GetString()} {file.GetProperty("totalBytes").GetInt64()}"));
        Assert.DoesNotContain("&& shim ", await ScriptAsync(Mac, "pcbios"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_further_file_counts_at_its_digest_s_address_too()
    {
        const string Mac = "52-54-00-0e-00-0a";
        await PrepareAsync("by-digest", Mac, 76);
        var boot = (await app.Machine.ScriptAsync(Mac)).BootPath();
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Root));
        Assert.Equal(Root, await BytesAsync($"/blobs/{sha256}/squash?boot={boot.Split('/')[^1]}"));
        await app.Machine.GetAsync($"{boot}/ready");
        var seen = await _admin.BootWithAsync("by-digest", "ready");
        seen = await WhenAsync(seen["id"]!, answer => StepOf(answer, "files").TryGetProperty("files", out _));
        var file = Assert.Single(StepOf(seen, "files").GetProperty("files").EnumerateArray());
        Assert.Equal(("root", 1004L),
            (file.GetProperty("name").GetString(), file.GetProperty("totalBytes").GetInt64()));
    }

    [Fact]
    public async Task The_plan_says_whose_command_line_a_unified_kernel_image_takes()
    {
        const string Mac = "52-54-00-0e-00-0b";
        await UploadAsync("unified", Mac, ("x86_64-linux/efi", BootFiles.UnifiedKernel("root=/dev/vda quiet", 77)));
        var plan = await _admin.GetAsync("/api/v1/machines/unified/plan?platform=efi&sb=00");
        Assert.Equal("script", plan["commandLineFrom"]);
        Assert.Contains("replace the command line of the unified kernel image, 'root=/dev/vda quiet'", plan.Text
            .Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        plan = await _admin.GetAsync("/api/v1/machines/unified/plan?platform=efi&sb=01");
        Assert.Equal("program", plan["commandLineFrom"]);
        Assert.Contains("own-command-line", plan.Json.GetProperty("warningCodes").EnumerateArray()
            .Select(code => code.GetString()));
        plan = await _admin.GetAsync("/api/v1/machines/unified/plan?platform=pcbios");
        Assert.Equal("error", plan["action"]);
        Assert.Contains("only an EFI program", plan.Text, StringComparison.Ordinal);
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
