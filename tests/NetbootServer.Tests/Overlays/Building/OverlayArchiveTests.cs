using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using NetbootServer.Archives.Cpio;
using NetbootServer.Overlays;
using NetbootServer.Overlays.Building;
using NetbootServer.Overlays.Recognition;
using NetbootServer.Tests.Archives.Cpio;
using NetbootServer.Tests.Overlays.Recognition;

namespace NetbootServer.Tests.Overlays.Building;

/// <summary>The archive of each kind, and its bytes as GNU cpio and a shell read them.</summary>
public sealed class OverlayArchiveTests : IDisposable
{
    private static readonly string[] Systemd =
        ["init -> usr/lib/systemd/systemd", "usr/bin/cp", "bin -> usr/bin", "usr/bin/sh", "lib -> usr/lib"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netboot-overlay-");

    [Fact]
    public void A_systemd_initrd_gets_a_unit_that_copies()
    {
        var entries = Make(Systemd, File("/etc/motd", 0x1A4, "hi\n"),
            File("/root/.ssh/authorized_keys", 0x180, "key\n"), File("/lib/x", 0x1ED, "x"));
        Assert.Equal(
        [
            "etc", "etc/systemd", "etc/systemd/system.control", "etc/systemd/system.control/initrd.target.wants",
            "etc/systemd/system.control/initrd.target.wants/netboot-overlay.service",
            "etc/systemd/system.control/netboot-overlay.service", "netboot", "netboot/overlay", "netboot/overlay/etc",
            "netboot/overlay/etc/motd", "netboot/overlay/root", "netboot/overlay/root/.ssh",
            "netboot/overlay/root/.ssh/authorized_keys", "netboot/overlay/usr", "netboot/overlay/usr/lib",
            "netboot/overlay/usr/lib/x",
        ], entries.Keys);
        Assert.Equal(0x41C0u, entries["netboot"].Mode);
        Assert.Equal(0x41C0u, entries["netboot/overlay/root/.ssh"].Mode);
        Assert.Equal(0x8180u, entries["netboot/overlay/root/.ssh/authorized_keys"].Mode);
        Assert.Equal("../netboot-overlay.service",
            entries["etc/systemd/system.control/initrd.target.wants/netboot-overlay.service"].Text);
        Assert.Contains("ExecStart=cp -dR --remove-destination /netboot/overlay/. /sysroot/\n",
            entries["etc/systemd/system.control/netboot-overlay.service"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_folder_replaces_a_link()
    {
        var entries = Make(["nix/store/x", "etc -> nix/store/e", "usr/lib -> lib64"],
            File("/etc/a", 0x1A4, "a"), File("/usr/lib/b", 0x1A4, "b"));
        Assert.Equal(["nix", "nix/store", "nix/store/e", "nix/store/e/a", "usr", "usr/lib64", "usr/lib64/b"],
            entries.Keys);
    }

    [Fact]
    public void Systemd_without_cp_gets_lines_of_tmpfiles()
    {
        var entries = Make(["init -> lib/systemd/systemd", "bin/systemd-tmpfiles"], File("/etc/a b%", 0x1A0, "x"));
        Assert.Equal("d /sysroot/etc - - - - -\nf+~ /sysroot/etc/a\\x20b%% 0640 root root - eA==\n",
            entries["netboot/tmpfiles.conf"].Text);
        Assert.DoesNotContain(entries.Keys, path => path.StartsWith("netboot/overlay", StringComparison.Ordinal));
    }

    [Fact]
    public void Systemd_with_neither_gets_credentials()
    {
        var entries = Make(["init -> lib/systemd/systemd", "lib/libsystemd-core-256.so"],
            File("/root/.ssh/authorized_keys", 0x180, "key\n"),
            File("/etc/systemd/network/1.network", 0x1A4, "[Link]"));
        Assert.Equal(
        [
            ".extra", ".extra/credentials", ".extra/credentials/ssh.authorized_keys.root.cred",
            ".extra/credentials/systemd.unit-dropin.systemd-networkd.service.cred", // waits for the file
            ".extra/credentials/tmpfiles.extra.cred",
        ], entries.Keys);
        // As systemd-creds reads it: a header, then AES-256-GCM with the hash of nothing as the key.
        var bytes = Convert.FromBase64String(entries[".extra/credentials/ssh.authorized_keys.root.cred"].Text!);
        using var aes = new AesGcm(SHA256.HashData([]), 16);
        var plain = new byte[bytes.Length - 48 - 16];
        aes.Decrypt(bytes[32..44], bytes[48..^16], bytes[^16..], plain, bytes[..48]);
        Assert.Equal("ssh.authorized_keys.root", Encoding.UTF8.GetString(plain[20..44]));
        Assert.Equal("key\n", Encoding.UTF8.GetString(plain[48..]));
    }

    [Fact]
    public void Initramfs_tools_keeps_its_own_order()
    {
        var layout = InitrdRecognitionTests.Of("init", "bin/busybox", "scripts/functions", "scripts/init-bottom/") with
        {
            Order = "/scripts/init-bottom/udev \"$@\"\n",
        };
        var entries = Read(OverlayArchive.Make(layout, [File("/a", 0x1A4, "a")], true, [])!);
        Assert.Equal("/scripts/init-bottom/netboot \"$@\"\n[ -e /conf/param.conf ] && . /conf/param.conf\n" +
            "/scripts/init-bottom/udev \"$@\"\n", entries["scripts/init-bottom/ORDER"].Text);
        Assert.Equal(0x81EDu, entries["scripts/init-bottom/netboot"].Mode);
    }

    [Fact]
    public void Images_that_restore_their_state_get_it_at_the_root()
    {
        var layout = InitrdRecognitionTests.Of([.. Systemd, "etc/systemd/system/restore-state-from-initrd.service"]);
        var network = new OverlayNetwork
        {
            Mac = "52:54:00:00:00:01", Addresses = ["10.0.0.7/24", "2001:db8::7/64"], Gateway4 = "10.0.0.1",
            Routes = [new("10.1.0.0/16", "10.0.0.2")],
        };
        var entries = Read(OverlayArchive.Make(layout,
            [File("/root/.ssh/authorized_keys", 0x180, "k\n"), File("/etc/ssh/ssh_host_ed25519_key", 0x180, "s")], true,
            [network])!);
        Assert.Equal("k\n", entries["ssh/authorized_keys"].Text);
        Assert.Equal(0x8180u, entries["ssh/ssh_host_ed25519_key"].Mode);
        Assert.Equal("""
            [{"ifname":"nic0","link_type":"ether","address":"52:54:00:00:00:01","addr_info":[{"family":"inet","local":"10.0.0.7","prefixlen":24,"scope":"global","valid_life_time":4294967295,"preferred_life_time":4294967295},{"family":"inet6","local":"2001:db8::7","prefixlen":64,"scope":"global","valid_life_time":4294967295,"preferred_life_time":4294967295}]}]
            """.Trim(), entries["addrs.json"].Text);
        Assert.Equal("""
            [{"dst":"default","gateway":"10.0.0.1","dev":"nic0","protocol":"static","flags":[]},{"dst":"10.1.0.0/16","gateway":"10.0.0.2","dev":"nic0","protocol":"static","flags":[]}]
            """.Trim(), entries["routes-v4.json"].Text);
        Assert.Equal("[]", entries["routes-v6.json"].Text);
        Assert.Equal("[]", Read(OverlayArchive.Make(layout, [File("/a", 0x1A4, "a")], true, [])!)["addrs.json"].Text);
    }

    [Fact]
    public void Secrets_stay_behind_where_they_may_not_go()
    {
        var layout = InitrdRecognitionTests.Of("init");
        OverlayContent[] contents = [File("/open", 0x1A4, "o"), File("/hidden", 0x180, "h", secret: true)];
        Assert.Equal(["hidden", "open"], Read(OverlayArchive.Make(layout, contents, true, [])!).Keys);
        Assert.Equal(["open"], Read(OverlayArchive.Make(layout, contents, false, [])!).Keys);
        Assert.Null(OverlayArchive.Make(layout, contents[1..], false, []));
        Assert.Null(OverlayArchive.Make(InitrdLayout.Without("x"), contents, true, []));
    }

    /// <summary>The shim runs here on a made root: it copies, sets the password, and switches.</summary>
    [Fact]
    public async Task The_shim_copies_and_sets_the_password()
    {
        var root = Directory.CreateDirectory(Path.Combine(_folder.FullName, "new root"));
        Directory.CreateDirectory(Path.Combine(root.FullName, "etc"));
        System.IO.File.WriteAllText(Path.Combine(root.FullName, "etc/shadow"),
            "daemon:*:1:0:99999:7:::\nroot::19000:0:99999:7:::\nrootless:x:1::::::\n");
        // Stands for busybox: sh, cp, cat, and a switch_root that says its arguments.
        var busybox = Path.Combine(_folder.FullName, "busybox");
        System.IO.File.WriteAllText(busybox, """
            #!/bin/bash
            case $1 in
              sh) shift; exec /bin/sh "$@";;
              switch_root) shift; printf '%s\n' "$@";;
              *) exec /bin/"$@";;
            esac
            """);
        System.IO.File.SetUnixFileMode(busybox, (UnixFileMode)0x1ED);
        var layout = new InitrdLayout
        {
            Kind = OverlayKind.Shim, Why = "x", Place = "sbin/switch_root", Busybox = busybox,
        };
        const string Hash = OverlayApiTests.Hash;
        var archive = OverlayArchive.Make(layout, [File("/etc/motd", 0x1A4, "hi\n"),
            File("/etc/shadow", 0x180, Hash, secret: true) with { IsPassword = true }], true, [])!;
        var unpacked = await UnpackAsync(archive);
        foreach (var script in new[] { "sbin/switch_root", "netboot/password.sh" })
        {
            var path = Path.Combine(unpacked, script);
            System.IO.File.WriteAllText(path, System.IO.File.ReadAllText(path)
                .Replace("/netboot/", $"{unpacked}/netboot/", StringComparison.Ordinal));
        }
        var start = new ProcessStartInfo("/bin/sh",
            [Path.Combine(unpacked, "sbin/switch_root"), "-c", "/dev/console", root.FullName, "/sbin/init", "-x"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment.Clear(); // as NixOS's scripted stage 1 calls it
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal($"-c\n/dev/console\n{root.FullName}\n/sbin/init\n-x\n", said);
        Assert.Equal("hi\n", System.IO.File.ReadAllText(Path.Combine(root.FullName, "etc/motd")));
        Assert.Equal($"daemon:*:1:0:99999:7:::\nroot:{Hash}:19000:0:99999:7:::\nrootless:x:1::::::\n",
            System.IO.File.ReadAllText(Path.Combine(root.FullName, "etc/shadow")));
    }

    [Fact]
    public async Task The_bytes_are_the_same_each_time_and_GNU_cpio_reads_them()
    {
        var layout = InitrdRecognitionTests.Of(Systemd);
        OverlayContent[] contents = [File("/etc/motd", 0x1A4, "hi\n"), File("/root/x", 0x180, "secret", secret: true)];
        var archive = OverlayArchive.Make(layout, contents, true, [])!;
        Assert.Equal(archive, OverlayArchive.Make(layout, contents.Reverse(), true, []));
        Assert.Equal(0, archive.Length % 4);
        Assert.Equal("070701"u8.ToArray(), archive[..6]);
        var root = await UnpackAsync(archive);
        Assert.Equal("hi\n", System.IO.File.ReadAllText(Path.Combine(root, "netboot/overlay/etc/motd")));
        Assert.Equal((UnixFileMode)0x180, System.IO.File.GetUnixFileMode(Path.Combine(root, "netboot/overlay/root/x")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<string> UnpackAsync(byte[] archive)
    {
        var root = _folder.CreateSubdirectory("unpacked").FullName;
        await GnuCpio.UnpackAsync(archive, root);
        return root;
    }

    private static SortedDictionary<string, CpioEntry> Make(string[] image, params OverlayContent[] contents) =>
        Read(OverlayArchive.Make(InitrdRecognitionTests.Of(image), contents, withSecrets: true, [])!);

    private static SortedDictionary<string, CpioEntry> Read(byte[] archive) => new(
        new CpioReader(new MemoryStream(archive), CpioLimits.Default, _ => true)
            .Entries(TestContext.Current.CancellationToken)
            .ToDictionary(entry => entry.Path), StringComparer.Ordinal);

    private static OverlayContent File(string path, int mode, string content, bool secret = false) => new(
        new(path, Convert.ToString(mode, 8).PadLeft(4, '0'), content.Length, secret, Delivery.Initrd, null),
        () => Encoding.UTF8.GetBytes(content));
}
