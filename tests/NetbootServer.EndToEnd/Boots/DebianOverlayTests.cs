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
        var hardware = new MachineHardware
        {
            MemoryMiB = 1024, Disk = debian.Disk,
            Cpu = "qemu64,-cx16", // QEMU 7.2 without KVM: Linux 6.12 fails in __kmalloc with cx16
        };
        using var ssh = await SshClient.CreateAsync(Ct);
        await using var server = await ServerProcess.StartAsync(new ServerSetup(), Ct);
        var api = new AdminClient(server.Admin);
        // All but credentials make the root writable by themselves; those are read when it must be so already.
        var mode = kind == "creds" ? "rw" : "ro";
        await api.UploadAsync("debian", debian.Kernel, debian.Initrd(initrd),
            $"root=/dev/vda {mode} console=ttyS0 panic=-1 quiet", Ct);
        await api.PutAsync("/profiles/debian", new { image = "debian" }, Ct);
        var machine = await api.PutAsync("/machines/node", new
        {
            macs = new[] { hardware.Mac }, profile = "debian", overlay = OverlayOf(hardware.Mac, ssh.AuthorizedKey),
        }, Ct);
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

        await using var vm = QemuVm.Start(QemuCommand.Lkrn(assets, IpxeBuild.Of2025, new Uri(server.Url, "boot.ipxe"),
            hardware, VmNetwork.Forwarding(port, Address, 22)), TestArtifacts.OfThisTest());
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
