using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using NetbootServer.Compatibility;
using NetbootServer.Nix.Nars;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

/// <summary>Placeholders in kernel arguments, from where they are saved to where they are filled in.</summary>
public sealed class PlaceholderBootTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private static readonly byte[] Root = [.. "hsqs"u8, .. new byte[1000]];
    private readonly Caller _admin = app.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Server => app.Machine.Client.BaseAddress!.ToString().TrimEnd('/');

    private async Task MakeAsync(string name, string mac, string arguments, params string[] ofMachine)
    {
        await _admin.PutAsync($"/api/v1/images/{name}", """{"source":{"type":"upload"}}""");
        (await _admin.UploadAsync(name, ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/initrd", BootFiles.Initrd(1)), ("x86_64-linux/files/root.squashfs", Root),
            ("x86_64-linux/kernelArguments", arguments))).Is(HttpStatusCode.Created);
        await _admin.PutAsync($"/api/v1/profiles/{name}", new { image = name });
        (await _admin.PutAsync($"/api/v1/machines/{name}", new
        {
            macs = new[] { mac }, profile = name, kernelArguments = ofMachine,
            labels = new { rack = "r 12", row = "b" },
        })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_machine_s_script_has_the_values_and_its_file_counts_for_the_boot()
    {
        const string Mac = "52-54-00-0f-00-01";
        await MakeAsync("filled", Mac, "root={{ file \"root.squashfs\" }} quiet", "at={{ machine.labels.row }}",
            "ip={{ net.ip }}::{{ net.gateway }}:{{ net.netmask }}:{{ machine.name }}", "s={{ server }}",
            "report={{ boot }}/up");
        var script = await app.Machine.ScriptAsync(Mac);
        var boot = script.BootPath();
        Assert.Contains($" root={Server}{boot}/files/root.squashfs quiet at=b " +
            $"ip=${{netX/ip}}::${{netX/gateway}}:${{netX/netmask}}:filled s={Server} report={Server}{boot}/up " +
            $"netboot.boot={Server}{boot} || goto failed\n", script, StringComparison.Ordinal);
        Assert.Equal(Root, await app.Machine.Client.GetByteArrayAsync($"{boot}/files/root.squashfs", Ct));
        // Again: from the plans that are kept, with the tokens of another boot.
        var again = await app.Machine.ScriptAsync(Mac);
        Assert.NotEqual(boot, again.BootPath());
        Assert.Contains($" root={Server}{again.BootPath()}/files/root.squashfs ", again, StringComparison.Ordinal);
        Assert.DoesNotContain(boot, again, StringComparison.Ordinal);

        var plan = await _admin.GetAsync("/api/v1/machines/filled/plan");
        Assert.Equal(["root=" + Server + "/boots/TOKEN/files/root.squashfs", "quiet", "at=b"],
            plan.Json.GetProperty("kernelArguments").EnumerateArray().Take(3).Select(item => item.GetString()));
        Assert.Equal("boot", plan["action"]);
    }

    [Theory]
    [InlineData("bad-file", "52-54-00-0f-00-02", "root={{ file \"rootfs\" }}", "it has root.squashfs")]
    [InlineData("bad-label", "52-54-00-0f-00-03", "at={{ machine.labels.rack }}", "has a blank")]
    [InlineData("no-label", "52-54-00-0f-00-04", "at={{ machine.labels.room }}", "no such label")]
    public async Task What_cannot_be_filled_in_is_on_the_screen_and_in_the_plan(
        string name, string mac, string argument, string why)
    {
        await MakeAsync(name, mac, argument);
        var script = await app.Machine.ScriptAsync(mac);
        Assert.Contains(why, script, StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ", script, StringComparison.Ordinal);
        Assert.Empty((await _admin.GetAsync($"/api/v1/machines/{name}/boots")).Json.GetProperty("items")
            .EnumerateArray());
        var plan = await _admin.GetAsync($"/api/v1/machines/{name}/plan");
        Assert.Equal("error", plan["action"]);
        Assert.Equal(["argument-fails"],
            plan.Json.GetProperty("warningCodes").EnumerateArray().Select(item => item.GetString()).Take(1));
        Assert.Contains(why, plan.Json.GetProperty("warnings")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_gets_the_values()
    {
        const string Mac = "52-54-00-0f-00-05";
        await MakeAsync("templated", Mac, "root={{ file \"root.squashfs\" }}");
        (await _admin.PatchAsync("/api/v1/profiles/templated", new
        {
            template = "#!ipxe\n{{ begin }}\necho {{ kernel_arguments | array.join ' ' }}\nkernel {{ kernel }} " +
                "{{ command_line }}\n{{ failed }}\n",
        })).Is(HttpStatusCode.OK);
        var script = await app.Machine.ScriptAsync(Mac);
        Assert.Contains($"\necho root={Server}{script.BootPath()}/files/root.squashfs\n", script,
            StringComparison.Ordinal);
        Assert.Contains($" root={Server}{script.BootPath()}/files/root.squashfs netboot.boot=", script,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_images_own_script_has_what_it_can_know_or_says_what_it_cannot()
    {
        await MakeAsync("shared", "52-54-00-0f-00-06", "root={{ file \"root.squashfs\" }} BOOTIF=01-{{ net.mac }}");
        var script = (await app.Machine.GetAsync("/images/shared/netboot-x86_64-linux.ipxe")).Text;
        var line = script.Split('\n').Single(text => text.StartsWith("kernel ", StringComparison.Ordinal));
        Assert.Contains("BOOTIF=01-${netX/mac:hexhyp} ${cmdline}", line, StringComparison.Ordinal);
        var url = line.Split(' ').Single(word => word.StartsWith("root=", StringComparison.Ordinal))["root=".Length..];
        Assert.Equal(Root, await app.Machine.Client.GetByteArrayAsync(new Uri(url).AbsolutePath, Ct));
        var sums = (await app.Machine.GetAsync("/images/shared/SHA256SUMS")).Text;
        Assert.Contains("  netboot-x86_64-linux.ipxe\n", sums, StringComparison.Ordinal);

        await MakeAsync("own", "52-54-00-0f-00-07", "host={{ machine.name }}");
        script = (await app.Machine.GetAsync("/images/own/netboot-x86_64-linux.ipxe")).Text;
        Assert.StartsWith("#!ipxe\necho own cannot boot by this script:\necho a kernel argument has machine.name, " +
            "which is not known in a script that is the same for all machines.\n", script, StringComparison.Ordinal);
        Assert.DoesNotContain("kernel --name", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_one_is_refused_where_it_is_saved()
    {
        await _admin.PutAsync("/api/v1/images/saved", """{"source":{"type":"upload"}}""");
        var upload = await _admin.UploadAsync("saved", ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/initrd", BootFiles.Initrd(1)), ("x86_64-linux/kernelArguments", "a={{ serevr }} b"));
        var profile = await _admin.PutAsync("/api/v1/profiles/saved",
            new { image = "saved", kernelArguments = new[] { "a={{ serevr }}" } });
        var machine = await _admin.PutAsync("/api/v1/machines/saved",
            new { macs = new[] { "52-54-00-0f-00-08" }, kernelArguments = new[] { "a={{ serevr }}" } });
        using var csv = new StringContent("name,macs,kernelArguments\nsaved,52-54-00-0f-00-08,a={{ serevr }} b\n",
            System.Text.Encoding.UTF8, "text/csv");
        using var imported = await _admin.Client.PostAsync(
            new Uri("/api/v1/machines/import", UriKind.Relative), csv, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, imported.StatusCode);
        foreach (var text in new[] { upload.Text, profile.Text, machine.Text, await imported.Content
            .ReadAsStringAsync(Ct) })
        {
            Assert.Contains("{{ serevr }}", text, StringComparison.Ordinal);
            Assert.Contains("{{ net.mac }}", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_import_keeps_an_argument_whole()
    {
        using var csv = new StringContent("name,macs,kernelArguments\n" +
            "imported,52-54-00-0f-00-09,\"root={{ file \"\"rootfs\"\" }} ip={{ net.ip }}\"\n",
            System.Text.Encoding.UTF8, "text/csv");
        using var imported = await _admin.Client.PostAsync(
            new Uri("/api/v1/machines/import", UriKind.Relative), csv, Ct);
        Assert.Equal(HttpStatusCode.OK, imported.StatusCode);
        var machine = await _admin.GetAsync("/api/v1/machines/imported");
        Assert.Equal(["root={{ file \"rootfs\" }}", "ip={{ net.ip }}"],
            machine.Json.GetProperty("kernelArguments").EnumerateArray().Select(item => item.GetString()));
    }

    [Fact]
    public async Task Arguments_can_be_tried_before_they_are_saved()
    {
        await MakeAsync("tried", "52-54-00-0f-00-0a", "quiet");
        var preview = (await _admin.PostAsync("/api/v1/kernel-arguments/preview", new
        {
            image = "tried", machine = "tried", kernelArguments = new[]
            {
                "root={{ file \"root.squashfs\" }}", "a={{ file \"other\" }}", "b={{ serevr }}", "c={{ net.ip }}",
            },
        })).Is(HttpStatusCode.OK).Json;
        var arguments = preview.GetProperty("arguments").EnumerateArray().ToList();
        Assert.Equal($"root={Server}/boots/TOKEN/files/root.squashfs", arguments[0].GetProperty("expanded").GetString());
        Assert.Equal("c=${netX/ip}", arguments[3].GetProperty("expanded").GetString());
        Assert.Contains("it has root.squashfs", arguments[1].GetProperty("fault").GetString(),
            StringComparison.Ordinal);
        Assert.Contains("no placeholder", arguments[2].GetProperty("fault").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("initrd=initrd quiet root=", preview.GetProperty("line").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(2047, preview.GetProperty("maxBytes").GetInt32());
        (await _admin.PostAsync("/api/v1/kernel-arguments/preview",
            new { image = "missing", kernelArguments = Array.Empty<string>() })).Is(HttpStatusCode.NotFound);
        var alone = (await _admin.PostAsync("/api/v1/kernel-arguments/preview", new
        {
            kernelArguments = new[] { "a={{ file \"any\" }}", "b={{ machine.labels.any }}" },
        })).Is(HttpStatusCode.OK).Json;
        Assert.All(alone.GetProperty("arguments").EnumerateArray(), argument =>
            Assert.False(argument.TryGetProperty("fault", out _), argument.GetRawText()));

        var saved = (await _admin.PostAsync("/api/v1/kernel-arguments/preview", new
        {
            image = "tried", machine = "tried", kernelArguments = new[] { "root={{ file \"root.squashfs\" }}" },
        })).Json;
        await _admin.PatchAsync("/api/v1/machines/tried",
            new { kernelArguments = new[] { "root={{ file \"root.squashfs\" }}" } });
        var plan = (await _admin.GetAsync("/api/v1/machines/tried/plan")).Json;
        Assert.Equal(plan.GetProperty("commandLineBytes").GetInt32(), saved.GetProperty("bytes").GetInt32());

        var listed = (await _admin.GetAsync("/api/v1/kernel-arguments/placeholders")).Json;
        Assert.Equal(
            ["server", "file", "boot", "machine.name", "machine.labels", "net.mac", "net.ip", "net.netmask",
                "net.gateway", "net.dns"],
            listed.EnumerateArray().Select(item => item.GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.String, listed[0].GetProperty("example").ValueKind);
    }

    [Fact]
    public async Task A_file_is_at_the_cache_where_there_is_one()
    {
        await using var cached = new NetbootApp(new() { ["Blobs:PublicUrl"] = "http://cache.example.org" });
        await cached.Admin.PutAsync("/api/v1/images/cached", """{"source":{"type":"upload"}}""");
        (await cached.Admin.UploadAsync("cached", ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/files/root.squashfs", Root),
            ("x86_64-linux/kernelArguments", "root={{ file \"root.squashfs\" }}"))).Is(HttpStatusCode.Created);
        await cached.Admin.PutAsync("/api/v1/profiles/cached", """{"image":"cached"}""");
        await cached.Admin.PutAsync("/api/v1/machines/cached",
            """{"macs":["52-54-00-0f-00-0c"],"profile":"cached"}""");
        var at = $"http://cache.example.org/blobs/{Convert.ToHexStringLower(SHA256.HashData(Root))}/root.squashfs";
        Assert.Contains($" root={at} ", await cached.Machine.ScriptAsync("52-54-00-0f-00-0c"),
            StringComparison.Ordinal);
        Assert.Contains($" root={at} ", (await cached.Machine.GetAsync("/images/cached/netboot-x86_64-linux.ipxe"))
            .Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_of_nix_netboot_serve_has_what_is_the_same_for_all_machines()
    {
        Assert.True(StorePath.TryParseBaseName(new string('0', 32) + "-nixos-system", out var system));
        var links = new NixNetbootServeLinks("http://s/again", "http://s/kernel", "http://s/initrd");
        Assert.Contains(" initrd=initrd a=http://s BOOTIF=01-${netX/mac:hexhyp} ||", NixNetbootServeScript.Boot(
            system, ["a={{ server }}", "BOOTIF=01-{{ net.mac }}"], links, "http://s"), StringComparison.Ordinal);
        var refused = NixNetbootServeScript.Boot(system, ["a={{ boot }}"], links, "http://s");
        Assert.Contains("a kernel argument has boot, which is not known", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kexec_bundle_that_would_need_iPXE_is_refused_with_the_reason()
    {
        await MakeAsync("by-kexec", "52-54-00-0f-00-0b", "root={{ file \"root.squashfs\" }}");
        (await _admin.GetAsync("/api/v1/machines/by-kexec/kexec")).Is(HttpStatusCode.OK);
        await _admin.PatchAsync("/api/v1/machines/by-kexec", new { kernelArguments = new[] { "ip={{ net.ip }}" } });
        var refused = await _admin.GetAsync("/api/v1/machines/by-kexec/kexec");
        Assert.Contains("a kernel argument has net.ip, which only iPXE knows", refused.Text, StringComparison.Ordinal);
    }
}
