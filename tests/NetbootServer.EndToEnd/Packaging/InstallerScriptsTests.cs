using System.Collections.Concurrent;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Packaging;

/// <summary>The installers' scripts (<c>nix/images</c>), run by the shells that systems have for <c>sh</c>.</summary>
[Collection(BootCollection.Name)]
public sealed class InstallerScriptsTests(BootAssets assets) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("netboot-installer-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Shells => ["dash", "bash", "busybox"];

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task State_goes_from_the_initramfs_to_the_new_root(string shell)
    {
        Write("from/ssh/authorized_keys", "a key\n");
        Write("from/ssh/ssh_host_ed25519_key", "private\n");
        Write("from/ssh/ssh_host_ed25519_key.pub", "public\n");
        Write("from/machine-id", "0123456789abcdef0123456789abcdef\n");
        Write("from/iproute2/addrs.json", "[]");
        Write("from/networkd/0-netboot-1-vlan7.netdev", "[NetDev]\n");
        Write("root/root/here", "");
        File.SetUnixFileMode(At("root/root"), (UnixFileMode)0x1E8); // 0750: it is the system's, and stays

        Assert.Equal(0, (await RunAsync(shell, "restore-state.sh", [],
            ("RESTORE_FROM", At("from")), ("RESTORE_ROOT", At("root")))).ExitCode);
        Assert.Equal(
        [
            "etc/machine-id 444", "etc/ssh/ssh_host_ed25519_key 600", "etc/ssh/ssh_host_ed25519_key.pub 644",
            "etc/systemd/network/0-netboot-1-vlan7.netdev 644", "root/.ssh/authorized_keys 600", "root/here 644",
            "root/network/addrs.json 644",
        ], Directory.GetFiles(At("root"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file =>
            $"{Path.GetRelativePath(At("root"), file)} {Convert.ToString((int)File.GetUnixFileMode(file), 8)}"));
        Assert.Equal("a key\n", await File.ReadAllTextAsync(At("root/root/.ssh/authorized_keys"), Ct));
        Assert.Equal(0x1E8, (int)File.GetUnixFileMode(At("root/root")));
        Assert.Equal(0x1C0, (int)File.GetUnixFileMode(At("root/root/.ssh")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task An_initramfs_with_nothing_of_the_machine_changes_nothing(string shell)
    {
        Write("from/init", "");
        Directory.CreateDirectory(At("root"));
        var (exitCode, said) = await RunAsync(shell, "restore-state.sh", [],
            ("RESTORE_FROM", At("from")), ("RESTORE_ROOT", At("root")));
        Assert.True(exitCode == 0, said);
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("root")));
    }

    /// <summary>A card with all kinds of addresses, one in a bridge, a VLAN, and one that has its unit.</summary>
    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Addresses_and_routes_become_units(string shell)
    {
        Write("state/addrs.json", """
            [{"ifname":"lo","link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[
               {"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
             {"ifname":"eth0","link_type":"ether","address":"52:54:00:00:00:01","addr_info":[
               {"family":"inet","local":"192.0.2.7","prefixlen":24,"scope":"global","valid_life_time":4294967295},
               {"family":"inet","local":"192.0.2.8","prefixlen":24,"scope":"global","dynamic":true,"valid_life_time":60},
               {"family":"inet","local":"192.0.2.9","prefixlen":24,"scope":"global","dynamic":true,"valid_life_time":90},
               {"family":"inet6","local":"2001:db8::7","prefixlen":64,"scope":"global"},
               {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]},
             {"ifname":"eth1","link_type":"ether","address":"52:54:00:00:00:02","master":"br0","addr_info":[]},
             {"ifname":"br0","link_type":"ether","address":"52:54:00:00:00:02","addr_info":[
               {"family":"inet","local":"198.51.100.2","prefixlen":28,"scope":"global"}]},
             {"ifname":"vlan7","link":"eth0","link_type":"ether","address":"52:54:00:00:00:01","addr_info":[
               {"family":"inet","local":"203.0.113.1","prefixlen":24,"scope":"global"}]},
             {"ifname":"eth2","link_type":"ether","address":"52:54:00:00:00:03","addr_info":[
               {"family":"inet","local":"203.0.113.3","prefixlen":24,"scope":"global"}]}]
            """);
        Write("state/routes-v4.json", """
            [{"dst":"default","gateway":"192.0.2.1","dev":"eth0","protocol":"static","metric":50,"flags":["onlink"]},
             {"dst":"192.0.2.0/24","dev":"eth0","protocol":"kernel","scope":"link","prefsrc":"192.0.2.7","flags":[]},
             {"dst":"10.0.0.0/8","gateway":"192.0.2.2","dev":"eth0","protocol":"dhcp","flags":[]},
             {"dst":"10.9.0.0/16","via":{"family":"inet6","host":"fe80::9"},"dev":"eth0","flags":[]},
             {"type":"unreachable","dst":"10.8.0.0/16","dev":"lo","flags":[]},
             {"dst":"10.7.0.0/16","dev":"br0","scope":"link","flags":[]}]
            """);
        Write("state/routes-v6.json", """
            [{"dst":"default","gateway":"2001:db8::1","dev":"eth0","protocol":"static","flags":[],"pref":"medium"}]
            """);
        Write("configured/00-netboot-525400000003.network", "[Match]\nMACAddress=52:54:00:00:00:03\n");

        var (exitCode, said) = await RunAsync(shell, "restore-network.sh", [At("state"), At("units")],
            ("RESTORE_CONFIGURED", At("configured")));
        Assert.True(exitCode == 0, said);
        Assert.Equal(["05-restored-525400000001.network", "05-restored-525400000002.network"],
            Directory.GetFiles(At("units")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("""
            [Match]
            MACAddress=52:54:00:00:00:01
            Type=ether

            [Network]
            DHCP=yes
            IPv6AcceptRA=yes
            LLDP=yes
            MulticastDNS=yes
            Address=192.0.2.7/24
            Address=2001:db8::7/64

            [Route]
            Destination=0.0.0.0/0
            Gateway=192.0.2.1
            GatewayOnLink=yes
            Metric=50

            [Route]
            Destination=10.9.0.0/16
            Gateway=fe80::9

            [Route]
            Destination=::/0
            Gateway=2001:db8::1

            [DHCPv4]
            ClientIdentifier=mac
            RequestAddress=192.0.2.9

            """, await File.ReadAllTextAsync(At("units/05-restored-525400000001.network"), Ct));
        Assert.EndsWith("""
            Address=198.51.100.2/28

            [Route]
            Destination=10.7.0.0/16
            Scope=link

            """, await File.ReadAllTextAsync(At("units/05-restored-525400000002.network"), Ct), StringComparison.Ordinal);
    }

    /// <summary>Busybox would run an <c>ip</c> of its own.</summary>
    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    public async Task The_system_reports_until_the_server_hears_it(string shell)
    {
        var reports = new ConcurrentQueue<JsonElement>();
        await using var host = await LoopbackHost.StartAsync(app => app.MapPost("/boots/token/up",
            async (HttpContext context) =>
            {
                reports.Enqueue((await JsonDocument.ParseAsync(context.Request.Body)).RootElement);
                context.Response.StatusCode = reports.Count == 1 ? 503 : 204;
            }), Ct);
        WriteMachine($"quiet netboot.boot={host.Address}boots/token");

        var (exitCode, said) = await RunAsync(shell, "phone-home.sh", [], ("PHONE_HOME_ROOT", At("machine")));
        Assert.True(exitCode == 0, said);
        Assert.DoesNotContain("token", said, StringComparison.Ordinal);
        Assert.Equal(2, reports.Count);
        var report = reports.Last();
        Assert.Equal(["192.0.2.7", "2001:db8::7"], report.GetProperty("addresses").EnumerateArray().Select(Text));
        Assert.Equal(["ssh-ed25519 AAAA"], report.GetProperty("sshHostKeys").EnumerateArray().Select(Text));
        var facts = report.GetProperty("facts");
        Assert.Equal(("1000", "12", "NixOS 26.05", "installer"), (Text(facts.GetProperty("memoryMiB")),
            Text(facts.GetProperty("uptimeSeconds")), Text(facts.GetProperty("system")),
            Text(facts.GetProperty("variant"))));
    }

    [Theory]
    [InlineData("netboot.boot={0}boots/old", 1)]
    [InlineData("quiet", 0)]
    public async Task A_refusal_and_no_server_end_it(string commandLine, int exitCode)
    {
        await using var host = await LoopbackHost.StartAsync(
            app => app.MapPost("/boots/old/up", () => Results.StatusCode((int)HttpStatusCode.NotFound)), Ct);
        WriteMachine(commandLine.Replace("{0}", host.Address.ToString(), StringComparison.Ordinal));
        Assert.Equal(exitCode, (await RunAsync("dash", "phone-home.sh", [], ("PHONE_HOME_ROOT", At("machine"))))
            .ExitCode);
    }

    [Fact]
    public async Task A_tarball_has_a_run_with_all_its_values_in_it()
    {
        foreach (var name in new[] { "kernel", "initrd", "kexec", "ip" }) Write(name, $"the {name}\n");
        (string, string)[] values =
        [
            ("kernel", At("kernel")), ("initrd", At("initrd")), ("kexec", At("kexec")), ("ip", At("ip")),
            ("run", Path.Combine(Repository.Product, "Kexec", "run.sh")),
            ("commandLine", "init=/nix/store/x/init it's"), ("image", "nixos-installer"), ("arch", "x86_64"),
        ];
        foreach (var name in new[] { "one.tar.gz", "two.tar.gz" })
        {
            var (exitCode, said) = await RunAsync("bash", "kexec-tarball.sh", [At(name)], values);
            Assert.True(exitCode == 0, said);
        }
        var bytes = await File.ReadAllBytesAsync(At("one.tar.gz"), Ct);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(At("two.tar.gz"), Ct));

        var modes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var run = "";
        await using var unpacked = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        await using var tar = new TarReader(unpacked);
        while (await tar.GetNextEntryAsync(copyData: true, Ct) is { } entry)
        {
            modes[entry.Name] = $"{entry.Uid}:{entry.Gid} {Convert.ToString((int)entry.Mode, 8)}";
            if (entry.Name == "kexec/run") run = await new StreamReader(entry.DataStream!).ReadToEndAsync(Ct);
        }
        Assert.Equal(
        [
            "kexec/ 0:0 755", "kexec/bzImage 0:0 644", "kexec/initrd 0:0 644", "kexec/ip 0:0 755",
            "kexec/kexec 0:0 755", "kexec/run 0:0 755",
        ], modes.Select(pair => $"{pair.Key} {pair.Value}"));
        Assert.DoesNotContain("=@", run, StringComparison.Ordinal);
        Assert.Contains("\ncommand_line='init=/nix/store/x/init it'\\''s'\n", run, StringComparison.Ordinal);
        Assert.Contains("\ninitrd_bytes='11'\n", run, StringComparison.Ordinal);
        // What it carries over lies where restore-state.sh looks for it.
        Assert.Contains("\netc_network='networkd'\n", run, StringComparison.Ordinal);
    }

    private static string Text(JsonElement value) => value.GetString()!;

    /// <summary>Files of a machine, and an <c>ip</c> that knows its addresses.</summary>
    private void WriteMachine(string commandLine)
    {
        Write("machine/proc/cmdline", commandLine + "\n");
        Write("machine/proc/meminfo", "MemTotal:        1024000 kB\n");
        Write("machine/proc/uptime", "12.34 10.00\n");
        Write("machine/etc/os-release", "ID=nixos\nPRETTY_NAME=\"NixOS 26.05\"\nVARIANT_ID=installer\n");
        Write("machine/etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAA root@host\n");
        Write("bin/ip", """
            #!/bin/sh
            echo '2: eth0    inet 192.0.2.7/24 brd 192.0.2.255 scope global dynamic eth0\       valid_lft 60sec'
            echo '2: eth0    inet6 2001:db8::7/64 scope global \       valid_lft forever preferred_lft forever'
            echo '2: eth0    inet6 2001:db8::8/64 scope global tentative \       valid_lft forever'
            """);
        File.SetUnixFileMode(At("bin/ip"), (UnixFileMode)0x1ED); // 0755
    }

    private string At(string path) => Path.Combine(folder.FullName, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private async Task<(int ExitCode, string Said)> RunAsync(
        string shell, string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        var file = Path.Combine(Repository.Root, "nix", "images", script);
        string[] command = shell == "busybox" ? [assets.Busybox, "sh", file] : [shell, file];
        var start = new ProcessStartInfo(command[0], [.. command[1..], .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var errors = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, await output + await errors);
    }
}
