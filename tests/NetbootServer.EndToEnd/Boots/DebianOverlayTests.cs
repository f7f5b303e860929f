using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// A machine's own files on a plain Debian on its disk, behind each kind of initrd that Debian has: sshd, networkd and
/// the rest of the system take them up by themselves. The machine is reachable only by what the overlay gave it.
/// </summary>
[Collection(BootCollection.Name), Trait("category", "soak")]
public sealed class DebianOverlayTests(BootAssets assets, DebianRoot debian) : IClassFixture<DebianRoot>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private const string Address = "10.0.2.77", MachineId = "0123456789abcdef0123456789abcdef";
    private const string Password = "$6$labsalt$" + "k1mDBQZSD1qP0JnPDGjQ0H3uFJh0yAVUjVJX2XvGdmOTdT7SCoXhjkOIyYBH0Bz5RBiBBJd5DtRYW0tMPx8AS1";

    private const string Questions = """
        echo "hostname=$(hostname)"
        echo "machine-id=$(cat /etc/machine-id)"
        echo "addresses=$(ip -o -4 address show scope global | awk '{ print $4 }' | tr '\n' ' ')"
        echo "route=$(ip -4 route show default | tr '\n' ' ')"
        echo "key=$(stat -c '%a %U:%G' /root/.ssh/authorized_keys) $(stat -c '%a' /root/.ssh)"
        echo "open=$(stat -c '%a %U:%G' /usr/local/etc/open) $(cat /usr/local/etc/open)"
        echo "hidden=$(stat -c '%a %U:%G' '/srv/of its own/hidden') $(cat '/srv/of its own/hidden')"
        echo "folders=$(stat -c '%a' / /etc /root /srv | tr '\n' ' ')"
        echo "password=$(sed -n 's/^root:\([^:]*\):.*/\1/p' /etc/shadow) $(stat -c '%a %U:%G' /etc/shadow)"
        echo "left=$(ls -d /netboot /.extra 2>/dev/null)"
        echo "failed=$(systemctl --failed --plain --no-legend)"
        """;

    // QEMU 7.2 without KVM: Linux 6.12 fails in __kmalloc with cx16.
    private static readonly MachineHardware Hardware = new() { MemoryMiB = 1024, Cpu = "qemu64,-cx16" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SYSTEMD", "systemd")]
    [InlineData("TMPFILES", "tmpfiles")]
    [InlineData("CREDS", "creds")]
    [InlineData("DRACUT", "dracut")]
    [InlineData("TOOLS", "initramfs-tools")]
    public async Task The_system_on_the_disk_has_them(string initrd, string kind)
    {
        var port = Ports.Free();
        using var ssh = await SshClient.CreateAsync(Ct);
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        // All but credentials make the root writable by themselves; those are read when it must be so already.
        var machine = await RegisterAsync(api, initrd, kind == "creds" ? "rw" : "ro",
            OverlayOf(Hardware.Mac, ssh.AuthorizedKey));
        var plan = await api.WaitForAsync("/machines/node/plan", read => read.TryGetProperty("overlayKind", out _),
            Limit, Ct);
        Assert.Equal(kind, plan.GetProperty("overlayKind").GetString());
        var items = plan.GetProperty("overlay").EnumerateArray().ToDictionary(
            item => item.GetProperty("path").GetString()!, item => item.GetProperty("delivered").GetString());
        // What cannot change a line of a file leaves the password alone; credentials come too late for names.
        Assert.All(items, item => Assert.Equal((kind, item.Key) switch
        {
            ("tmpfiles" or "creds", "/etc/shadow") => "no",
            ("creds", "/etc/hostname" or "/etc/machine-id") => "argument",
            _ => "initrd",
        }, item.Value));

        await using var vm = Start(server, VmNetwork.Forwarding(port, Address, 22));
        var said = await ssh.RunAsync(port, HostKeyOf(machine), Questions, Limit, Ct);
        var answers = said.Trim().Split('\n').Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1].Trim());
        Assert.Equal("node-7", answers["hostname"]);
        Assert.Equal(MachineId, answers["machine-id"]);
        Assert.Equal($"{Address}/24", answers["addresses"]);
        Assert.StartsWith("default via 10.0.2.2 ", answers["route"], StringComparison.Ordinal);
        Assert.Equal("600 root:root 700", answers["key"]);
        Assert.Equal("640 root:root a machine's own file", answers["open"]);
        Assert.Equal("600 root:root only for this machine", answers["hidden"]);
        Assert.Equal("755 755 700 755", answers["folders"]);
        Assert.Equal((items["/etc/shadow"] == "initrd" ? Password : "*") + " 640 root:shadow", answers["password"]);
        Assert.Equal("", answers["left"]);
        Assert.Equal("", answers["failed"]);
        Assert.DoesNotContain("only for this machine", vm.Console, StringComparison.Ordinal);
    }

    /// <summary>
    /// The installers' scripts as services of a real systemd: one makes units of what <c>ip</c> said before, the other
    /// tells the server what came of that.
    /// </summary>
    [Fact]
    public async Task The_installers_scripts_restore_the_network_and_report_it()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        string Script(string name) => System.IO.File.ReadAllText(Path.Combine(Repository.Root, "nix", "images", name));
        object File(string path, string content) => new { path, content, mode = "0755" };
        var machine = await RegisterAsync(api, "SYSTEMD", "ro", new
        {
            hostKeys = "generate",
            files = new[]
            {
                File("/root/network/addrs.json", $$"""
                    [{"ifname":"eth0","link_type":"ether","address":"{{Hardware.Mac}}","addr_info":[
                      {"family":"inet","local":"{{Address}}","prefixlen":24,"scope":"global"}]}]
                    """),
                File("/root/network/routes-v4.json",
                    """[{"dst":"default","gateway":"10.0.2.2","dev":"eth0","protocol":"static","flags":[]}]"""),
                File("/root/network/routes-v6.json", "[]"),
                File("/srv/restore-network.sh", Script("restore-network.sh")),
                File("/srv/phone-home.sh", Script("phone-home.sh")),
                File("/etc/systemd/system/restore-network.service", """
                    [Unit]
                    DefaultDependencies=no
                    RequiresMountsFor=/root /run /srv
                    Before=network-pre.target systemd-networkd.service
                    [Service]
                    Type=oneshot
                    ExecStart=/bin/sh /srv/restore-network.sh /root/network /run/systemd/network
                    """),
                File("/etc/systemd/system/phone-home.service", "[Service]\nExecStart=/bin/sh /srv/phone-home.sh\n"),
                File("/etc/systemd/system/multi-user.target.d/netboot.conf",
                    "[Unit]\nWants=restore-network.service phone-home.service\n"),
            },
        });

        await using var vm = Start(server, VmNetwork.User());
        var boots = await api.WaitForAsync("/machines/node/boots",
            list => list.GetProperty("items").EnumerateArray().Any(boot => TinyImage.Outcome(boot) == "up"), Limit, Ct);
        var id = boots.GetProperty("items")[0].GetProperty("id").GetString();
        var up = (await api.GetAsync($"/boots/{id}", Ct)).GetProperty("up");
        Assert.Contains(Address, up.GetProperty("addresses").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(HostKeyOf(machine), up.GetProperty("sshHostKeys")[0].GetString());
        Assert.StartsWith("Debian GNU/Linux 13", up.GetProperty("facts").GetProperty("system").GetString(),
            StringComparison.Ordinal);
    }

    private async Task<JsonElement> RegisterAsync(AdminClient api, string initrd, string mode, object overlay)
    {
        await api.UploadAsync("debian", debian.Kernel, debian.Initrd(initrd),
            $"root=/dev/vda {mode} console=ttyS0 panic=-1 quiet", Ct);
        await api.PutAsync("/profiles/debian", new { image = "debian" }, Ct);
        return await api.PutAsync("/machines/node",
            new { macs = new[] { Hardware.Mac }, profile = "debian", overlay }, Ct);
    }

    private QemuVm Start(ServerProcess server, VmNetwork network) => QemuVm.Start(QemuCommand.Lkrn(assets,
        IpxeBuild.Of2025, new Uri(server.Url, "boot.ipxe"), Hardware with { Disk = debian.Disk }, network),
        TestArtifacts.OfThisTest());

    private static object OverlayOf(string mac, string key) => new
    {
        hostname = "node-7", machineId = MachineId, authorizedKeys = new[] { key }, hostKeys = "generate",
        rootPasswordHash = Password,
        network = new[] { new { mac, addresses = new[] { $"{Address}/24" }, gateway4 = "10.0.2.2" } },
        files = new object[]
        {
            new { path = "/usr/local/etc/open", content = "a machine's own file\n", mode = "0640" },
            new { path = "/srv/of its own/hidden", content = "only for this machine\n", mode = "0600", secret = true },
        },
    };

    private static string HostKeyOf(JsonElement machine) =>
        machine.GetProperty("hostKeys")[0].GetProperty("public").GetString()!;
}
