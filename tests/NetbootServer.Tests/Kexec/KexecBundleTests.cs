using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NetbootServer.Archives.Cpio;
using NetbootServer.Tests.Archives.Cpio;
using NetbootServer.Tests.Boots.Secrets;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Kexec;

/// <summary>Kexec bundles as they are served.</summary>
public sealed class KexecBundleTests(OverlayHost host) : IClassFixture<OverlayHost>
{
    private const string Name = "nixos-kexec-installer-noninteractive-x86_64-linux.tar.gz";

    /// <summary>An initrd with systemd as NixOS has it, whose length is no multiple of 4.</summary>
    private static byte[] NixosInitrd(params string[] more)
    {
        using var bytes = new MemoryStream();
        var cpio = new NewcWriter(bytes);
        cpio.Directory("bin", 0x1ED);
        cpio.Directory("etc", 0x1ED);
        cpio.Directory("etc/systemd", 0x1ED);
        foreach (var path in more.Prepend("bin/cp")) cpio.File(path, 0x1ED, []);
        cpio.Symlink("init", "/nix/store/x/lib/systemd/systemd");
        cpio.Finish();
        return [.. Packed.Gzip(bytes.ToArray()), 0];
    }

    [Fact]
    public async Task An_image_s_bundle_is_its_kernel_and_initrd_and_never_changes()
    {
        var initrd = NixosInitrd();
        await host.MakeImageAsync("plain", initrd);
        var answer = await host.AskAsync($"/kexec/plain/{Name}");
        var bytes = await OverlayHost.BytesAsync(answer);
        Assert.Equal(("application/gzip", "no-cache"), (answer.MediaType, answer.Header("Cache-Control")));
        Assert.Equal(bytes.Length, answer.Message.Content.Headers.ContentLength);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal($"\"{sha256}\"", answer.ETag);
        Assert.Equal($"{sha256}  {Name}\n", (await host.AskAsync($"/kexec/plain/{Name}.sha256")).Text);

        var bundle = new Bundle(bytes);
        Assert.Equal([("kexec/", 0x1ED), ("kexec/run", 0x1ED), ("kexec/kexec", 0x1ED), ("kexec/ip", 0x1ED),
            ("kexec/bzImage", 0x1A4), ("kexec/initrd", 0x1A4)],
            bundle.Entries);
        Assert.Equal(BootFiles.Kernel(1), bundle["kexec/bzImage"]);
        Assert.Equal(initrd, bundle["kexec/initrd"][..initrd.Length]);
        // What it does not bring is the machine's own.
        Assert.EndsWith("exec ip \"$@\"\n", Encoding.UTF8.GetString(bundle["kexec/ip"]), StringComparison.Ordinal);
        Assert.Equal(("yes", "netboot/overlay/", "no", ""), (bundle.Variable("carry"), bundle.Variable("files"),
            bundle.Variable("restores_state"), bundle.Variable("boot_url")));
        Assert.Equal(bundle["kexec/initrd"].Length.ToString(System.Globalization.CultureInfo.InvariantCulture),
            bundle.Variable("initrd_bytes"));
        // What run adds is carried over by a unit that is there already.
        Assert.Contains("etc/systemd/system.control/netboot-overlay.service", new Joined(bundle["kexec/initrd"]).Paths);

        var version = (await host.Admin.GetAsync("/api/v1/images/plain"))["current"];
        foreach (var path in new[]
        {
            $"/images/plain/{Name}", $"/images/plain@{version}/nixos-kexec-installer-x86_64-linux.tar.gz",
            $"/kexec/plain@{version}/{Name}",
        })
            Assert.Equal(bytes, await OverlayHost.BytesAsync(await host.AskAsync(path, "10.0.0.9")));
        var head = await host.AskAsync($"/kexec/plain/{Name}", method: HttpMethod.Head);
        Assert.Equal((answer.ETag, (long?)bytes.Length), (head.ETag, head.Message.Content.Headers.ContentLength));
        var from = bytes.Length - 700;
        var part = await host.AskAsync($"/kexec/plain/{Name}", "10.0.0.1", null, ("Range", $"bytes={from}-"),
            ("If-Range", answer.ETag!));
        Assert.Equal(HttpStatusCode.PartialContent, part.Status);
        Assert.Equal(bytes[from..], await OverlayHost.BytesAsync(part));
        (await host.AskAsync($"/kexec/plain/{Name}", "10.0.0.1", null, ("If-None-Match", answer.ETag!)))
            .Is(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task A_machine_s_bundle_opens_its_boot_and_stays_the_same_for_15_minutes()
    {
        await host.MakeImageAsync("own", NixosInitrd());
        await host.MakeMachineAsync("own-1", "52:54:00:30:00:01", "own");
        (await host.Admin.PatchAsync("/api/v1/machines/own-1", new { kernelArguments = new[] { "quiet", "x='y'" } }))
            .Is(HttpStatusCode.OK);
        var path = $"/kexec/own-1/{Name}";
        var head = (await host.AskAsync(path, method: HttpMethod.Head)).Is(HttpStatusCode.OK);
        Assert.Empty((await host.Admin.GetAsync("/api/v1/machines/own-1/boots")).Json.GetProperty("items").EnumerateArray());

        var answer = await host.AskAsync(path);
        var bytes = await OverlayHost.BytesAsync(answer);
        Assert.Equal(head.Message.Content.Headers.ContentLength, bytes.Length);
        var bundle = new Bundle(bytes);
        var url = bundle.Variable("boot_url");
        Assert.EndsWith($"quiet x='y' netboot.boot={url}", bundle.Variable("command_line"), StringComparison.Ordinal);
        var files = new Joined(bundle["kexec/initrd"]);
        Assert.Equal("open of own-1", files.Text("netboot/overlay/etc/open"));
        Assert.DoesNotContain("netboot/overlay/etc/hidden", files.Paths);
        Assert.Contains("secrets of own-1 are not in this bundle", bundle.Variable("withheld"),
            StringComparison.Ordinal);

        // The same for others, and though the machine is changed.
        (await host.Admin.PatchAsync("/api/v1/machines/own-1", new { kernelArguments = new[] { "debug" } }))
            .Is(HttpStatusCode.OK);
        host.Clock.Pass(TimeSpan.FromMinutes(14));
        Assert.Equal(bytes, await OverlayHost.BytesAsync(await host.AskAsync(path, "10.0.0.2")));
        var part = await host.AskAsync(path, "10.0.0.1", null, ("Range", "bytes=100-"), ("If-Range", answer.ETag!));
        Assert.Equal(bytes[100..], await OverlayHost.BytesAsync(part));

        var boot = new Uri(url).AbsolutePath;
        (await host.AskAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        (await host.Machine.PostAsync($"{boot}/up", new { addresses = new[] { "192.0.2.7" } })).Is(HttpStatusCode.OK);
        var shown = await host.Admin.BootWithAsync("own-1", "up");
        Assert.Equal(("own", "up"), (shown["image"], shown["expects"]));
        Assert.Equal("192.0.2.7", shown.Json.GetProperty("up").GetProperty("addresses")[0].GetString());
        shown = await Until.AsAsync(() => host.Admin.GetAsync($"/api/v1/boots/{shown["id"]}"),
            read => read.Json.GetProperty("steps").EnumerateArray().Any(step =>
                step.GetProperty("name").GetString() == "bundle" && step.TryGetProperty("durationSeconds", out _)),
            "the bundle's step");
        Assert.Equal(["script", "bundle", "ready", "up"], shown.Json.GetProperty("steps").EnumerateArray()
            .Select(step => step.GetProperty("name").GetString()));

        host.Clock.Pass(TimeSpan.FromMinutes(2));
        var later = await Bundle.ReadAsync(await host.AskAsync(path));
        Assert.NotEqual(url, later.Variable("boot_url"));
        Assert.Contains(" debug ", " " + later.Variable("command_line"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_calls_the_server_by_another_name_changes_nothing_for_others()
    {
        await host.MakeImageAsync("named", NixosInitrd());
        await host.MakeMachineAsync("named-1", "52:54:00:30:05:01", "named");
        var path = $"/kexec/named-1/{Name}";
        var evil = await Bundle.ReadAsync(await host.AskAsync(path, "10.0.0.1", null, ("Host", "evil.example")));
        Assert.StartsWith("http://evil.example", evil.Variable("boot_url"), StringComparison.Ordinal);
        var good = await Bundle.ReadAsync(await host.AskAsync(path));
        Assert.StartsWith("http://localhost", good.Variable("boot_url"), StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
            (await host.AskAsync(path, "10.0.0.1", null, ("Host", $"evil{i}.example"))).Is(HttpStatusCode.OK);
        (await host.AskAsync(path, "10.0.0.1", null, ("Host", "too-many.example"))).Is(HttpStatusCode.NotFound);
        (await host.AskAsync(path)).Is(HttpStatusCode.OK);
        Assert.Equal(4, await BootsOfAsync("named-1"));
    }

    [Fact]
    public async Task A_key_is_for_the_profile_that_it_was_made_under_and_a_registered_machine()
    {
        await host.MakeImageAsync("moved", NixosInitrd());
        await host.MakeMachineAsync("moved-1", "52:54:00:30:06:01", "moved");
        var path = await KeyPathAsync();
        (await host.Admin.PutAsync("/api/v1/profiles/moved-other", new { image = "moved" })).Is(HttpStatusCode.Created);
        (await host.Admin.PatchAsync("/api/v1/machines/moved-1", new { profile = "moved-other" }))
            .Is(HttpStatusCode.OK);
        (await host.AskAsync(path)).Is(HttpStatusCode.Gone);
        path = await KeyPathAsync();
        (await host.Admin.DeleteAsync("/api/v1/machines/moved-1")).Is(HttpStatusCode.NoContent);
        Assert.NotEqual(HttpStatusCode.OK, (await host.AskAsync(path)).Status);

        async Task<string> KeyPathAsync() => new Uri((await host.Admin.PostAsync("/api/v1/machines/moved-1/kexec",
            new { })).Is(HttpStatusCode.OK)["url"]!).AbsolutePath;
    }

    private async Task<int> BootsOfAsync(string machine)
    {
        var boots = await Until.AsAsync(() => host.Admin.GetAsync($"/api/v1/machines/{machine}/boots"),
            read => read.Json.GetProperty("items").GetArrayLength() >= 4, "the boots");
        return boots.Json.GetProperty("items").GetArrayLength();
    }

    [Fact]
    public async Task A_kexec_uses_no_next_boot_up_and_ends_no_installation()
    {
        await host.MakeImageAsync("once", NixosInitrd(), after: "local");
        await host.MakeMachineAsync("once-1", "52:54:00:30:01:01", "once");
        (await host.Admin.PutAsync("/api/v1/machines/once-1/next-boot", new { action = "local" }))
            .Is(HttpStatusCode.OK);
        var bundle = await Bundle.ReadAsync(await host.AskAsync($"/kexec/once-1/{Name}"));
        var boot = new Uri(bundle.Variable("boot_url")).AbsolutePath;
        (await host.AskAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        (await host.Machine.PostAsync($"{boot}/up", new { })).Is(HttpStatusCode.OK);
        await host.Admin.BootWithAsync("once-1", "up");
        var machine = (await host.Admin.GetAsync("/api/v1/machines/once-1")).Json;
        Assert.Equal("local", machine.GetProperty("nextBoot").GetProperty("action").GetString());
        Assert.False(machine.TryGetProperty("completion", out _));
        Assert.False(machine.TryGetProperty("reference", out _));
    }

    [Fact]
    public async Task Secrets_leave_by_a_key_once_to_one_address()
    {
        await host.MakeImageAsync("secret", NixosInitrd());
        await host.MakeMachineAsync("secret-1", "52:54:00:30:02:01", "secret", release: "once");
        var open = (await host.Admin.GetAsync("/api/v1/machines/secret-1/kexec")).Is(HttpStatusCode.OK);
        Assert.Equal(("False", "True", "x86_64-linux"), (open["withSecrets"], open["hasSecrets"], open["system"]));
        Assert.EndsWith($"/kexec/secret-1/{Name}", open["url"], StringComparison.Ordinal);
        Assert.Equal($"curl -fL {open["url"]} | tar -xzf- -C /root && /root/kexec/run", open["curl"]);

        var lines = (await host.Admin.PostAsync("/api/v1/machines/secret-1/kexec", new { })).Is(HttpStatusCode.OK);
        var path = new Uri(lines["url"]!).AbsolutePath;
        var key = path.Split('/')[3];
        var head = await host.AskAsync(path, "10.1.0.9", HttpMethod.Head); // claims nothing
        Assert.Equal((HttpStatusCode.OK, "no-store"), (head.Status, head.Header("Cache-Control")));
        var answer = await host.AskAsync(path, "10.1.0.1");
        var bytes = await OverlayHost.BytesAsync(answer);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        var bundle = new Bundle(bytes);
        Assert.Equal("s3cr3t", new Joined(bundle["kexec/initrd"]).Text("netboot/overlay/etc/hidden"));
        Assert.Equal("", bundle.Variable("withheld"));
        Assert.Equal(bytes, await OverlayHost.BytesAsync(await host.AskAsync(path, "10.1.0.1")));
        (await host.AskAsync(path, "10.1.0.2")).Is(HttpStatusCode.Gone);

        // The key is known to nothing but the answer and the client; what the kernel line shows opens nothing.
        var token = new Uri(bundle.Variable("boot_url")).Segments[^1];
        Assert.DoesNotContain(key, bundle.Run, StringComparison.Ordinal);
        (await host.AskAsync($"/kexec/secret-1/{token}/{Name}", "10.1.0.1")).Is(HttpStatusCode.NotFound);
        Assert.All(host.App.Log.Printed, line => Assert.DoesNotContain(key,
            Regex.Replace(line, "RequestPath=\"[^\"]*\"", ""), StringComparison.Ordinal)); // which is never printed
        foreach (var at in new[] { "audit", "alarms", "machines/secret-1/boots" })
            Assert.DoesNotContain(key, (await host.Admin.GetAsync($"/api/v1/{at}")).Text, StringComparison.Ordinal);
        var audit = (await host.Admin.GetAsync("/api/v1/audit")).Text;
        Assert.Contains("kexec-key", audit, StringComparison.Ordinal);

        // Its success spends the release.
        var boot = new Uri(bundle.Variable("boot_url")).AbsolutePath;
        (await host.AskAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        (await host.Machine.PostAsync($"{boot}/up", new { })).Is(HttpStatusCode.OK);
        await host.Admin.BootWithAsync("secret-1", "up");
        (await host.AskAsync(path, "10.1.0.1")).Is(HttpStatusCode.Gone);
        var spent = await host.Admin.PostAsync("/api/v1/machines/secret-1/kexec", new { });
        Assert.Equal(HttpStatusCode.Conflict, spent.Status);
        Assert.Contains("/releases", spent["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_good_for_15_minutes_and_for_its_machine()
    {
        await host.MakeImageAsync("keyed", NixosInitrd());
        await host.MakeMachineAsync("keyed-1", "52:54:00:30:03:01", "keyed");
        await host.MakeMachineAsync("keyed-2", "52:54:00:30:03:02", "keyed");
        var url = (await host.Admin.PostAsync("/api/v1/machines/keyed-1/kexec", new { })).Is(HttpStatusCode.OK)["url"];
        var path = new Uri(url!).AbsolutePath;
        (await host.AskAsync(path.Replace("keyed-1", "keyed-2", StringComparison.Ordinal))).Is(HttpStatusCode.Gone);
        var altered = path[..^(Name.Length + 2)] + (path[^(Name.Length + 2)] == 'A' ? 'B' : 'A') + "/" + Name;
        (await host.AskAsync(altered)).Is(HttpStatusCode.NotFound);
        host.Clock.Pass(TimeSpan.FromMinutes(16));
        (await host.AskAsync(path)).Is(HttpStatusCode.Gone);
    }

    [Fact]
    public async Task The_version_s_own_tarball_is_the_base_where_it_has_one()
    {
        var initrd = NixosInitrd("etc/systemd/system/restore-state-from-initrd.service");
        var tarball = Tarball(initrd, """
            #!/bin/sh
            init="/nix/store/0c-nixos/init"
            kernelParams="console=ttyS0,115200 loglevel=4"
            if ! sh -c "'$SCRIPT_DIR/kexec' --load '$SCRIPT_DIR/bzImage' \
              --initrd='$SCRIPT_DIR/initrd' --no-checks \
              --command-line 'init=$init $kernelParams'"
            then exit 1; fi
            """);
        await host.Admin.PutAsync("/api/v1/images/mirrored", """{"source":{"type":"upload"}}""");
        (await host.Admin.UploadAsync("mirrored", ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/initrd", OverlayHost.Initrd()), ("x86_64-linux/kexec-noninteractive", tarball)))
            .Is(HttpStatusCode.Created);
        // The mirror stays what it is; ours is another.
        Assert.Equal(tarball, await OverlayHost.BytesAsync(await host.AskAsync($"/images/mirrored/{Name}")));
        var bundle = await Bundle.ReadAsync(await host.AskAsync($"/kexec/mirrored/{Name}"));
        Assert.Equal(["kexec/", "kexec/run", "kexec/kexec", "kexec/ip", "kexec/bzImage", "kexec/initrd"],
            bundle.Entries.Select(entry => entry.Item1));
        Assert.Equal(BootFiles.Kernel(2), bundle["kexec/bzImage"]);
        Assert.Equal(initrd, bundle["kexec/initrd"][..initrd.Length]);
        Assert.Equal("the kexec", Encoding.UTF8.GetString(bundle["kexec/kexec"]));
        Assert.Equal("init=/nix/store/0c-nixos/init console=ttyS0,115200 loglevel=4", bundle.Variable("command_line"));
        Assert.Equal(("yes", "kexec and ip came with the image"),
            (bundle.Variable("restores_state"), bundle.Variable("programs_from")));
        Assert.Equal("[]", new Joined(bundle["kexec/initrd"]).Text("addrs.json"));
    }

    [Fact]
    public async Task A_tarball_of_another_kind_gives_way_to_kernel_and_initrd()
    {
        await host.Admin.PutAsync("/api/v1/images/other", """{"source":{"type":"upload"}}""");
        (await host.Admin.UploadAsync("other", ("x86_64-linux/kernel", BootFiles.Kernel(1)),
            ("x86_64-linux/initrd", OverlayHost.Initrd()),
            ("x86_64-linux/kexec", Tarball(OverlayHost.Initrd(), "#!/bin/sh\nexec ./go\n"))))
            .Is(HttpStatusCode.Created);
        var bundle = await Bundle.ReadAsync(await host.AskAsync($"/kexec/other/{Name}"));
        Assert.Equal(BootFiles.Kernel(1), bundle["kexec/bzImage"]);
        Assert.Equal("kexec and ip are those of this machine", bundle.Variable("programs_from"));
    }

    [Fact]
    public async Task An_image_without_a_version_is_refreshed_by_a_request_for_its_bundle()
    {
        await host.Admin.PutAsync("/api/v1/images/lazy",
            """{"source":{"type":"nix","installable":"/nix/store/gmra35yzn94c5y4wk7y0lm5d57j0q0ql-nixos-system-lazy"}}""");
        (await host.AskAsync($"/kexec/lazy@none/{Name}")).Is(HttpStatusCode.NotFound);
        (await host.AskAsync($"/kexec/lazy/{Name}")).Is(HttpStatusCode.ServiceUnavailable);
        await Until.AsAsync(() => host.Admin.GetAsync("/api/v1/jobs?image=lazy"),
            jobs => jobs.Json.GetProperty("items").GetArrayLength() > 0, "the refresh");
    }

    [Fact]
    public async Task What_cannot_be_started_says_why()
    {
        await host.Admin.PutAsync("/api/v1/images/efi", """{"source":{"type":"upload"}}""");
        (await host.Admin.UploadAsync("efi", ("x86_64-linux/efi", BootFiles.Efi()))).Is(HttpStatusCode.Created);
        (await host.AskAsync($"/kexec/efi/{Name}")).Is(HttpStatusCode.NotFound);
        (await host.AskAsync($"/kexec/nothing/{Name}")).Is(HttpStatusCode.NotFound);
        (await host.AskAsync("/kexec/efi/other.tar.gz")).Is(HttpStatusCode.NotFound);
        await host.Admin.PutAsync("/api/v1/machines/bare", new { macs = new[] { "52:54:00:30:04:01" } });
        Assert.Contains("bare has no profile", (await host.AskAsync($"/kexec/bare/{Name}")).Text,
            StringComparison.Ordinal);
        var lines = await host.Admin.GetAsync("/api/v1/machines/bare/kexec");
        Assert.Equal(HttpStatusCode.Conflict, lines.Status);
        Assert.Contains("has no profile", lines["detail"], StringComparison.Ordinal);
        (await host.Admin.GetAsync("/api/v1/machines/nobody/kexec")).Is(HttpStatusCode.NotFound);
    }

    private static byte[] Tarball(byte[] initrd, string run)
    {
        using var bytes = new MemoryStream();
        using (var tar = new System.Formats.Tar.TarWriter(bytes, leaveOpen: true))
        {
            foreach (var (name, content) in new[]
            {
                ("run", Encoding.UTF8.GetBytes(run)), ("bzImage", BootFiles.Kernel(2)), ("initrd", initrd),
                ("kexec", "the kexec"u8.ToArray()), ("ip", "the ip"u8.ToArray()),
            })
                tar.WriteEntry(new System.Formats.Tar.GnuTarEntry(
                    System.Formats.Tar.TarEntryType.RegularFile, $"./kexec/{name}")
                {
                    DataStream = new MemoryStream(content),
                });
        }
        return Packed.Gzip(bytes.ToArray());
    }
}
