using NetbootServer.Kexec;
using NetbootServer.Overlays.Recognition;

namespace NetbootServer.Tests.Kexec;

/// <summary>The script <c>run</c>, in the shells that machines have.</summary>
public sealed class RunScriptTests : IDisposable
{
    private const string Forever = "valid_lft forever preferred_lft forever";
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIpbbuKyfBoyaWz4bGgLyj0EFfgOjYLsHwPWnVZaNmbx";

    private readonly RunMachine _machine = new();

    public static TheoryData<string> Shells => ["dash", "bash", "busybox ash"];

    public void Dispose() => _machine.Dispose();

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task It_carries_over_what_keeps_the_machine_reachable(string shell)
    {
        GiveNetwork();
        GiveKeys();
        var (code, output, errors) = await _machine.RunAsync(shell, RunMachine.Script() with
        {
            BootUrl = "http://boot/boots/TOKEN",
            AuthorizedKeys = [Key + " of the bundle"],
        });
        Assert.Equal((0, ""), (code, errors));
        Assert.EndsWith("machine will boot into nixos in 6s...\n", output, StringComparison.Ordinal);
        var files = _machine.Added;
        string Text(string path) => files.Text("netboot/overlay/" + path);

        Assert.Equal($"{Key} of the bundle\n{Key} root\nfrom=\"192.0.2.0/24\" {Key} restricted\n{Key} cloud\n" +
            $"{Key} second\n{Key} nixos\n{Key} admin\n", Text("root/.ssh/authorized_keys"));
        Assert.Equal("PRIVATE", Text("etc/ssh/ssh_host_ed25519_key"));
        Assert.Equal(0x8180, files.ModeOf("netboot/overlay/etc/ssh/ssh_host_ed25519_key"));
        Assert.Equal(0x81A4, files.ModeOf("netboot/overlay/etc/ssh/ssh_host_ed25519_key.pub"));
        Assert.Equal(0x41C0, files.ModeOf("netboot/overlay/root/.ssh"));
        Assert.Equal("0123456789abcdef0123456789abcdef\n", Text("etc/machine-id"));

        Assert.Equal("""
            [Match]
            MACAddress=52:54:00:00:00:01
            Type=ether

            [Network]
            VLAN=eth0.5
            LLDP=yes
            Address=192.0.2.10/24
            Address=2001:db8::10/64
            DHCP=no
            IPv6AcceptRA=no
            DNS=192.0.2.53
            Domains=example.org lab

            [Route]
            Destination=0.0.0.0/0
            Gateway=192.0.2.1

            [Route]
            Destination=198.51.100.0/24
            Gateway=192.0.2.2
            GatewayOnLink=yes
            Metric=50

            [Route]
            Destination=::/0
            Gateway=fe80::1
            Metric=1024

            """, Text("etc/systemd/network/0-netboot-2-eth0.network"));
        Assert.Equal("""
            [Match]
            MACAddress=52:54:00:00:00:02
            Type=ether

            [Network]
            LLDP=yes
            DHCP=yes
            IPv6AcceptRA=yes

            [DHCPv4]
            ClientIdentifier=mac
            RequestAddress=10.0.2.15

            """, Text("etc/systemd/network/0-netboot-2-eth1.network"));
        Assert.Equal("[NetDev]\nName=eth0.5\nKind=vlan\n\n[VLAN]\nId=5\n",
            Text("etc/systemd/network/0-netboot-1-eth0.5.netdev"));
        Assert.Contains("[Match]\nName=eth0.5\n", Text("etc/systemd/network/0-netboot-1-eth0.5.network"),
            StringComparison.Ordinal);
        Assert.Contains("Address=203.0.113.5/24\n", Text("etc/systemd/network/0-netboot-1-eth0.5.network"),
            StringComparison.Ordinal);
        Assert.Equal("[NetDev]\nName=bond0\nKind=bond\nMACAddress=52:54:00:00:00:03\n\n[Bond]\nMode=802.3ad\n" +
            "MIIMonitorSec=100ms\nTransmitHashPolicy=layer3+4\nLACPTransmitRate=fast\n",
            Text("etc/systemd/network/0-netboot-1-bond0.netdev"));
        Assert.Equal("[Match]\nMACAddress=52:54:00:00:00:04\nType=ether\n\n[Network]\nBond=bond0\n" +
            "LinkLocalAddressing=no\n", Text("etc/systemd/network/0-netboot-2-eth3.network"));
        Assert.Equal("[NetDev]\nName=br0\nKind=bridge\nMACAddress=52:54:00:00:00:03\n\n[Bridge]\nSTP=no\n",
            Text("etc/systemd/network/0-netboot-1-br0.netdev"));
        Assert.DoesNotContain(files.Paths, path => path.Contains("docker0", StringComparison.Ordinal)
            || path.Contains("-lo.", StringComparison.Ordinal) || path.Contains("eth9", StringComparison.Ordinal));

        await Until.TrueAsync(() => _machine.Calls.Contains("-e"), "the new kernel to be started");
        var calls = _machine.Calls;
        Assert.Contains("--command-line=init=/nix/store/x/init console=ttyS0 quoted=\"a 'b' $(c)\"", calls);
        Assert.Contains("--kexec-syscall-auto", calls);
        Assert.Contains("curl -fsS -m 5 -o /dev/null http://boot/boots/TOKEN/ready", calls);
        Assert.Equal(["bzImage", "initrd", "ip", "kexec", "run"], _machine.Left);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task It_may_be_run_twice_and_passes_flags_on(string shell)
    {
        GiveKeys();
        await _machine.RunAsync(shell, RunMachine.Script());
        var once = _machine.Initrd;
        var (code, _, _) = await _machine.RunAsync(
            shell, RunMachine.Script(), "--kexec-extra-flags", "--reuse-cmdline -d", "--unknown");
        Assert.Equal(0, code);
        Assert.Equal(once, _machine.Initrd);
        await Until.TrueAsync(() => _machine.Calls.Count(call => call == "-e") == 2, "both kernels to be started");
        Assert.Equal(2, _machine.Calls.Count(call => call == "-d")); // for --load and for -e
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_dry_run_shows_it_and_changes_nothing(string shell)
    {
        GiveNetwork();
        var before = _machine.Initrd;
        var (code, output, errors) = await _machine.RunAsync(
            shell, RunMachine.Script() with { Withheld = "the secrets of web1 are not in this bundle." }, "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("# 0-netboot-2-eth0.network\n[Match]", output, StringComparison.Ordinal);
        Assert.Contains("memory     1024 MiB needed, 1954 MiB here", output, StringComparison.Ordinal);
        Assert.Contains("lets nobody in", errors, StringComparison.Ordinal);
        Assert.Contains("the secrets of web1 are not in this bundle", errors, StringComparison.Ordinal);
        Assert.Equal(before, _machine.Initrd);
        Assert.Empty(_machine.Calls);
        Assert.Equal(["bzImage", "initrd", "ip", "kexec", "run"], _machine.Left);
    }

    [Theory]
    [InlineData("not root", "must be run as root")]
    [InlineData("container", "CAP_SYS_BOOT")]
    [InlineData("docker", "this is a container (/.dockerenv is there)")]
    [InlineData("other arch", "this bundle is for x86_64 and this machine is aarch64")]
    [InlineData("no kexec in the kernel", "CONFIG_KEXEC")]
    [InlineData("disabled", "kexec_load_disabled=1")]
    [InlineData("lockdown", "locked down")]
    [InlineData("crash kernel", "collects a crash dump")]
    [InlineData("little memory", "the new system needs 1024 MiB, this machine has 500 MiB (64 MiB more are reserved")]
    [InlineData("no free memory", "too little free memory")]
    [InlineData("cut initrd", "unpacked whole")]
    [InlineData("cut kernel", "unpacked whole")]
    public async Task What_is_missing_is_one_line_and_nothing_has_changed(string what, string expected)
    {
        switch (what)
        {
            case "not root": _machine.Program("id", "echo 1000"); break;
            case "container": _machine.Write("root/proc/self/status", "CapEff:\t00000000a80425fb\n"); break;
            case "docker": _machine.Write("root/.dockerenv", ""); break;
            case "other arch": _machine.Program("uname", "echo aarch64"); break;
            case "no kexec in the kernel": _machine.Remove("sys/kernel/kexec_loaded"); break;
            case "disabled": _machine.Write("root/proc/sys/kernel/kexec_load_disabled", "1\n"); break;
            case "lockdown":
                _machine.Write("root/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
                break;
            case "crash kernel": _machine.Write("root/proc/vmcore", ""); break;
            case "little memory":
                _machine.Write("root/proc/meminfo", "MemTotal: 512000 kB\nMemAvailable: 400000 kB\n");
                _machine.Write("root/sys/kernel/kexec_crash_size", $"{64 << 20}\n");
                break;
            case "no free memory":
                _machine.Write("root/proc/meminfo", "MemTotal: 2000000 kB\nMemAvailable: 9000 kB\n");
                break;
            case "cut initrd": _machine.Cut("initrd", RunMachine.InitrdBytes - 1); break;
            case "cut kernel": _machine.Cut("bzImage", RunMachine.KernelBytes - 1); break;

        }
        var before = _machine.Initrd;
        var (code, output, errors) = await _machine.RunAsync("dash", RunMachine.Script());
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(c => c == '\n'));
        Assert.Equal(before, _machine.Initrd);
        Assert.Empty(_machine.Calls);
    }

    /// <summary>Azure's accelerated networking: both have one address, and the one below has none of its own.</summary>
    [Fact]
    public async Task A_virtual_function_is_left_to_the_card_above_it()
    {
        _machine.Nic("eth0", "52:54:00:00:00:0a", "inet 10.0.0.4/24 brd 10.0.0.255 scope global dynamic eth0");
        _machine.Nic("enP1s2", "52:54:00:00:00:0a");
        _machine.Symlink("sys/class/net/enP1s2/master", "../eth0");
        var (code, output, _) = await _machine.RunAsync("dash", RunMachine.Script(), "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("eth0.network", output, StringComparison.Ordinal);
        Assert.DoesNotContain("enP1s2.network", output, StringComparison.Ordinal);
        Assert.Contains("DHCP=yes", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_bundle_brings_is_not_carried_over()
    {
        GiveNetwork();
        GiveKeys();
        await _machine.RunAsync("dash", RunMachine.Script() with
        {
            BringsHostKeys = true,
            BringsNetwork = true,
            BringsMachineId = true,
        });
        Assert.Equal(["netboot/overlay/root/.ssh/authorized_keys"],
            _machine.Added.Paths.Where(path => _machine.Added.ModeOf(path) >> 12 == 8));
    }

    [Theory]
    [InlineData(OverlayKind.Plain, "etc/ssh/ssh_host_ed25519_key")]
    [InlineData(OverlayKind.Dracut, "netboot/overlay/etc/ssh/ssh_host_ed25519_key")]
    public async Task Files_lie_where_the_initrd_takes_them_from(OverlayKind kind, string path)
    {
        GiveKeys();
        await _machine.RunAsync("dash", RunMachine.Script(kind));
        Assert.Equal("PRIVATE", _machine.Added.Text(path));
    }

    [Fact]
    public async Task An_image_that_restores_state_itself_gets_it_in_its_own_form_too()
    {
        GiveKeys();
        await _machine.RunAsync("dash", RunMachine.Script(restores: true));
        var files = _machine.Added;
        Assert.Equal("PRIVATE", files.Text("ssh/ssh_host_ed25519_key"));
        Assert.Contains(Key, files.Text("ssh/authorized_keys"), StringComparison.Ordinal);
        foreach (var name in new[] { "addrs.json", "routes-v4.json", "routes-v6.json" })
        {
            Assert.Equal("[]\n", files.Text(name)); // this machine's ip speaks no JSON
            Assert.Equal("[]\n", files.Text("iproute2/" + name));
        }
        Assert.Contains("networkd", files.Paths);
        Assert.Equal("0123456789abcdef0123456789abcdef\n", files.Text("machine-id"));
    }

    [Fact]
    public async Task An_initrd_that_takes_no_files_gets_none_and_it_says_so()
    {
        GiveKeys();
        var (code, _, errors) = await _machine.RunAsync("dash", RunMachine.Script(OverlayKind.None));
        Assert.Equal(0, code);
        Assert.Contains("takes no files", errors, StringComparison.Ordinal);
        Assert.Empty(_machine.Added.Paths);
    }

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$(rm) `x` \\ \"", "'$(rm) `x` \\ \"'")]
    public void Texts_are_one_word_of_a_shell(string text, string expected) =>
        Assert.Equal(expected, KexecRun.Quote(text));

    [Fact]
    public async Task It_is_clean_by_shellcheck()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, (RunMachine.Script() with { CommandLine = "quiet" }).ToBytes(),
            TestContext.Current.CancellationToken);
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("shellcheck", ["-s", "sh", "-x", file])
            {
                RedirectStandardOutput = true,
            })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.Delete(file);
        Assert.Equal("", output);
    }

    private void GiveKeys()
    {
        _machine.Write("root/root/.ssh/authorized_keys", $"# a comment\n\n{Key} root\n" +
            $"from=\"192.0.2.0/24\" {Key} restricted\n" +
            "no-port-forwarding,command=\"echo 'Please login as the user \\\"admin\\\" rather than root.';sleep 10\" " +
            $"{Key} cloud\n");
        _machine.Write("root/root/.ssh/authorized_keys2", $"{Key} second"); // without a newline at its end
        _machine.Write("root/etc/ssh/authorized_keys.d/root", $"{Key} nixos\n{Key} root\n");
        _machine.Write("root/home/admin/.ssh/authorized_keys", $"{Key} admin\n");
        _machine.Write("root/etc/ssh/ssh_host_ed25519_key", "PRIVATE");
        _machine.Write("root/etc/ssh/ssh_host_ed25519_key.pub", "PUBLIC");
        _machine.Write("root/etc/ssh/ssh_host_empty_key", "");
    }

    private void GiveNetwork()
    {
        _machine.Link("lo", "00:00:00:00:00:00", $"inet 127.0.0.1/8 scope host lo\\       {Forever}");
        _machine.Nic("eth0", "52:54:00:00:00:01",
            $"inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       {Forever}",
            $"inet6 2001:db8::10/64 scope global \\       {Forever}",
            $"inet6 fe80::5054:ff:fe00:1/64 scope link \\       {Forever}");
        _machine.Nic("eth1", "52:54:00:00:00:02",
            "inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic eth1\\       " +
                "valid_lft 86300sec preferred_lft 86300sec");
        _machine.Nic("eth9", "52:54:00:00:00:09"); // nothing on it
        _machine.Link("eth0.5", "52:54:00:00:00:01",
            $"inet 203.0.113.5/24 brd 203.0.113.255 scope global eth0.5\\       {Forever}");
        _machine.Write("root/proc/net/vlan/config", "VLAN Dev name    | VLAN ID\n");
        _machine.Write("root/proc/net/vlan/eth0.5",
            "eth0.5  VID: 5\t REORDER_HDR: 1  dev->priv_flags: 1001\n         total frames received            0\n" +
            "Device: eth0\nINGRESS priority mappings: 0:0  1:0\n");
        // A bond of two cards, in a bridge; and a bridge of containers alone.
        _machine.Link("bond0", "52:54:00:00:00:03");
        _machine.Write("root/sys/class/net/bond0/bonding/mode", "802.3ad 4\n");
        _machine.Write("root/sys/class/net/bond0/bonding/miimon", "100\n");
        _machine.Write("root/sys/class/net/bond0/bonding/xmit_hash_policy", "layer3+4 1\n");
        _machine.Write("root/sys/class/net/bond0/bonding/lacp_rate", "fast 1\n");
        foreach (var (slave, mac) in new[] { ("eth2", "52:54:00:00:00:03"), ("eth3", "52:54:00:00:00:04") })
        {
            _machine.Nic(slave, "52:54:00:00:00:03");
            _machine.Write($"root/sys/class/net/{slave}/bonding_slave/perm_hwaddr", mac + "\n");
            _machine.Symlink($"sys/class/net/{slave}/master", "../bond0");
            _machine.Symlink($"sys/class/net/bond0/lower_{slave}", $"../{slave}");
        }
        _machine.Link("br0", "52:54:00:00:00:03", $"inet 192.168.7.1/24 scope global br0\\       {Forever}");
        _machine.Write("root/sys/class/net/br0/bridge/stp_state", "0\n");
        _machine.Symlink("sys/class/net/bond0/master", "../br0");
        _machine.Symlink("sys/class/net/br0/lower_bond0", "../bond0");
        _machine.Link("docker0", "02:42:00:00:00:01", $"inet 172.17.0.1/16 scope global docker0\\       {Forever}");
        _machine.Write("root/sys/class/net/docker0/bridge/stp_state", "0\n");
        _machine.Write("routes4", """
            default via 192.0.2.1 dev eth0
            default via 10.0.2.2 dev eth1 proto dhcp src 10.0.2.15 metric 1024
            192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10
            198.51.100.0/24 via 192.0.2.2 dev eth0 proto static metric 50 onlink
            unreachable 10.9.0.0/16 metric 1

            """);
        _machine.Write("routes6", """
            2001:db8::/64 dev eth0 proto kernel metric 256 pref medium
            fe80::/64 dev eth0 proto kernel metric 256 pref medium
            default via fe80::1 dev eth0 metric 1024 pref medium

            """);
    }
}
