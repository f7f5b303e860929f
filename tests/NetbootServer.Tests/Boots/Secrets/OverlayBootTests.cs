using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>How a machine's own files reach its boot.</summary>
public sealed class OverlayBootTests(OverlayHost host) : IClassFixture<OverlayHost>
{
    [Fact]
    public async Task The_script_loads_the_overlay_last_and_the_boot_shows_it()
    {
        await host.MakeImageAsync("last", OverlayHost.Initrd());
        await host.MakeMachineAsync("last", "52:54:00:20:00:01", "last");
        var script = await host.ScriptAsync("52-54-00-20-00-01");
        var lines = script.Split('\n').Where(line => line.StartsWith("initrd ", StringComparison.Ordinal)).ToList();
        Assert.Equal(["initrd", "initrd2"], lines.Select(line => line.Split(' ')[2]));
        Assert.Contains(" initrd=initrd initrd=initrd2 ", script, StringComparison.Ordinal);
        Assert.Contains("set nb-step overlay\n", script, StringComparison.Ordinal);
        var path = OverlayHost.PathIn(script);

        var answer = await host.AskAsync(path);
        var files = await OverlayHost.FilesInAsync(answer);
        Assert.Equal(("open of last", "s3cr3t"), (files["/etc/open"], files["/etc/hidden"]));
        Assert.Equal("application/octet-stream", answer.MediaType);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.Null(answer.Header("Repr-Digest"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        var head = await host.AskAsync(path, method: HttpMethod.Head);
        Assert.Equal((HttpStatusCode.OK, answer.ETag, answer.Message.Content.Headers.ContentLength),
            (head.Status, head.ETag, head.Message.Content.Headers.ContentLength));
        await host.AskAsync($"{script.BootPath()}/ready");
        var boot = await host.Admin.BootWithAsync("last", "ready");
        boot = await Until.AsAsync(() => host.Admin.GetAsync($"/api/v1/boots/{boot["id"]}"),
            read => read.Json.GetProperty("steps").EnumerateArray().Any(step =>
                step.GetProperty("name").GetString() == "overlay"), "the overlay's step");

        // The key stands in the script alone.
        var key = path.Split("key=")[1];
        Assert.All(host.App.Log.Printed, line => Assert.DoesNotContain(key, line, StringComparison.Ordinal));
        foreach (var at in new[] { $"boots/{boot["id"]}", "machines/last", "machines/last/plan", "audit", "alarms" })
            Assert.DoesNotContain(key, (await host.Admin.GetAsync($"/api/v1/{at}")).Text, StringComparison.Ordinal);
        // And is another one for another boot, also where the script was kept.
        var again = await host.OverlayAsync("52-54-00-20-00-01");
        Assert.NotEqual(key, again.Split("key=")[1]);
        Assert.Equal("s3cr3t", (await OverlayHost.FilesInAsync(await host.AskAsync(again)))["/etc/hidden"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Behind_an_initrd_that_ends_anywhere_it_is_compressed(int rest)
    {
        var initrd = OverlayHost.Initrd(rest);
        await host.MakeImageAsync($"rest{rest}", initrd);
        await host.MakeMachineAsync($"rest{rest}", $"52:54:00:20:01:0{rest}", $"rest{rest}");
        var path = await host.OverlayAsync($"52-54-00-20-01-0{rest}");
        var bytes = await OverlayHost.BytesAsync(await host.AskAsync(path));
        Assert.Equal([0x1F, 0x8B], bytes[..2]);
        // Joined as they are, and with padding, both are read.
        foreach (var padding in new[] { 0, 4 - rest })
        {
            var answer = new Archives.Cpio.Joined([.. initrd, .. new byte[padding], .. bytes]);
            Assert.Contains("etc/hidden", answer.Paths);
        }
    }

    [Fact]
    public async Task As_one_file_it_stands_behind_the_initrd_on_a_multiple_of_4()
    {
        var initrd = OverlayHost.Initrd(1);
        await host.MakeImageAsync("whole", initrd);
        await host.MakeMachineAsync("whole", "52:54:00:20:00:02", "whole");
        var path = (await host.OverlayAsync("52-54-00-20-00-02")).Replace("overlay.cpio", "initrd",
            StringComparison.Ordinal);
        var answer = await host.AskAsync(path);
        var whole = await OverlayHost.BytesAsync(answer);
        Assert.Equal(initrd, whole[..initrd.Length]);
        Assert.Equal("070701"u8.ToArray(), whole[(initrd.Length + 3)..(initrd.Length + 9)]);
        Assert.Equal(["init", "etc", "etc/hidden", "etc/open"], new Archives.Cpio.Joined(whole).Paths);
        var from = initrd.Length - 10;
        var part = await host.AskAsync(path, "10.0.0.1", null, ("Range", $"bytes={from}-"), ("If-Range", answer.ETag!));
        Assert.Equal(HttpStatusCode.PartialContent, part.Status);
        Assert.Equal(whole[from..], await OverlayHost.BytesAsync(part));
    }

    [Fact]
    public async Task The_plan_shows_each_item_and_its_way()
    {
        await host.MakeImageAsync("nixos", OverlayHost.Initrd(0, "nix/store/x-busybox/bin/busybox"), new
        {
            hostname = "named", files = new[] { new { path = "/etc/systemd/system/x.service", content = "" } },
        });
        await host.MakeMachineAsync("planned", "52:54:00:20:00:03", "nixos");
        var script = await host.ScriptAsync("52-54-00-20-00-03");
        Assert.Contains(" systemd.hostname=named netboot.boot=", script, StringComparison.Ordinal);
        var plan = (await host.Admin.GetAsync("/api/v1/machines/planned/plan")).Is(HttpStatusCode.OK);
        Assert.Equal("plain", plan["overlayKind"]);
        Assert.Equal(
        [
            ("/etc/hostname", "0644", 6, false, "argument"), ("/etc/systemd/system/x.service", "0644", 0, false, "no"),
            ("/etc/open", "0644", 15, false, "initrd"), ("/etc/hidden", "0600", 6, true, "initrd"),
        ], plan.Json.GetProperty("overlay").EnumerateArray().Select(Item));
        Assert.Equal(["overlay-not-delivered", "secrets-every-boot"], plan.Json.GetProperty("warningCodes")
            .EnumerateArray().Select(code => code.GetString()).Where(code => code != "arch-unknown"));
        Assert.Contains("/overlay.cpio?key=TOKEN", plan["script"], StringComparison.Ordinal);
        var version = (await host.Admin.GetAsync("/api/v1/images/nixos/versions")).Json.GetProperty("items")[0];
        Assert.Equal("""{"x86_64-linux":"plain"}""", version.GetProperty("overlayKinds").GetRawText());
    }

    [Fact]
    public async Task An_image_that_takes_no_files_boots_and_the_plan_says_why()
    {
        await host.MakeImageAsync("closed", BootFiles.Initrd(3), new { hostname = "named" });
        await host.MakeMachineAsync("closed", "52:54:00:20:00:04", "closed");
        var script = await host.ScriptAsync("52-54-00-20-00-04");
        Assert.DoesNotContain("overlay", script, StringComparison.Ordinal);
        Assert.Contains(" systemd.hostname=named ", script, StringComparison.Ordinal);
        var plan = (await host.Admin.GetAsync("/api/v1/machines/closed/plan")).Is(HttpStatusCode.OK);
        Assert.Equal("none", plan["overlayKind"]);
        Assert.Contains("cannot be read", plan.Json.GetProperty("overlay")[1].GetProperty("why").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_names_it_among_the_initrds()
    {
        await host.MakeImageAsync("template", OverlayHost.Initrd());
        (await host.Admin.PatchAsync("/api/v1/profiles/template", new
        {
            template = "#!ipxe\nkernel {{ kernel }} {{ command_line }}\n" +
                "{{ for url in initrds }}initrd --name i{{ for.index }} {{ url }}\n{{ end }}boot\n",
        })).Is(HttpStatusCode.OK);
        await host.MakeMachineAsync("template", "52:54:00:20:00:05", "template");
        var files = await OverlayHost.FilesInAsync(await host.AskAsync(await host.OverlayAsync("52-54-00-20-00-05")));
        Assert.Equal("s3cr3t", files["/etc/hidden"]);
    }

    [Fact]
    public async Task A_machine_that_is_not_registered_gets_its_profile_s_files_without_secrets()
    {
        await host.MakeImageAsync("strangers", OverlayHost.Initrd(), new
        {
            hostKeys = "generate",
            files = new object[]
            {
                new { path = "/etc/open", content = "for all" },
                new { path = "/etc/hidden", content = "x", secret = true },
            },
        });
        (await host.Admin.PatchAsync("/api/v1/profiles/strangers", new { selector = new { room = "7" } }))
            .Is(HttpStatusCode.OK);
        var path = await host.OverlayAsync("52-54-00-20-00-06", more: "&room=7");
        Assert.Equal(["/etc/open"], (await OverlayHost.FilesInAsync(await host.AskAsync(path))).Keys);
    }

    [Fact]
    public async Task Secrets_of_profile_and_machine_stay_when_either_or_the_image_gets_another_name()
    {
        await host.MakeImageAsync("before", OverlayHost.Initrd(), new
        {
            files = new[] { new { path = "/etc/of-profile", content = "pr0file", secret = true } },
        });
        await host.MakeMachineAsync("before", "52:54:00:20:00:07", "before");
        foreach (var kind in new[] { "images", "profiles", "machines" })
            (await host.Admin.PatchAsync($"/api/v1/{kind}/before", new { name = "after" })).Is(HttpStatusCode.OK);
        var files = await OverlayHost.FilesInAsync(await host.AskAsync(await host.OverlayAsync("52-54-00-20-00-07")));
        Assert.Equal(("pr0file", "s3cr3t"), (files["/etc/of-profile"], files["/etc/hidden"]));
    }

    private static (string?, string?, int, bool, string?) Item(JsonElement item) => (
        item.GetProperty("path").GetString(), item.GetProperty("mode").GetString(),
        item.GetProperty("sizeBytes").GetInt32(), item.GetProperty("secret").GetBoolean(),
        item.GetProperty("delivered").GetString());
}
