using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// The pasted line on a whole Debian with systemd, networkd and OpenSSH, and its own curl, tar and kexec.
/// </summary>
[Collection(BootCollection.Name), Trait("category", "soak")]
public sealed class DebianKexecTests(BootAssets assets, DebianRoot debian) : IClassFixture<DebianRoot>
{
    private const string Address = "10.0.2.77";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    // QEMU 7.2 without KVM: Linux 6.12 fails in __kmalloc with cx16.
    private static readonly MachineHardware Hardware = new() { MemoryMiB = 1024, Cpu = "qemu64,-cx16" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_new_system_is_reached_as_the_Debian_was()
    {
        var port = Ports.Free();
        using var ssh = await SshClient.CreateAsync(Ct);
        var initrd = new LabInitrd(await BootAssets.KexecInitrdAsync(0),
            System.Collections.Frozen.FrozenDictionary<string, string>.Empty);
        await using var tiny = await TinyImage.ServeAsync(assets, initrd, Ct);
        await tiny.Api.UploadAsync("debian", debian.Kernel, debian.Initrd("SYSTEMD"),
            "root=/dev/vda ro console=ttyS0 panic=-1 quiet", Ct);
        await tiny.Api.PutAsync("/profiles/debian", new { image = "debian" }, Ct);
        var machine = await tiny.Api.PutAsync("/machines/debian", new
        {
            macs = new[] { Hardware.Mac }, profile = "debian", overlay = new
            {
                authorizedKeys = new[] { ssh.AuthorizedKey }, hostKeys = "generate", network = new[]
                {
                    new { mac = Hardware.Mac, addresses = new[] { $"{Address}/24" }, gateway4 = "10.0.2.2" },
                },
            },
        }, Ct);
        // What the bundle knows of a machine without an overlay is what the running system has.
        await tiny.Api.PutAsync("/machines/target", new { serial = "TARGET-1", arch = "x86_64", profile = "tiny" }, Ct);
        var hostKey = machine.GetProperty("hostKeys")[0].GetProperty("public").GetString()!;

        var command = QemuCommand.Lkrn(assets, IpxeBuild.Of2025, new Uri(tiny.Server.Url, "boot.ipxe"),
            Hardware with { Disk = debian.Disk }, VmNetwork.Forwarding(port, Address, 22));
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());
        var lines = await tiny.Api.GetAsync("/machines/target/kexec", Ct);
        var url = VmNetwork.AsSeenByGuest(new Uri(lines.GetProperty("url").GetString()!));
        var log = await ssh.RunAsync(port, hostKey,
            $"curl -fsSL {url} | tar -xzf- -C /root && /root/kexec/run", Limit, Ct);
        Assert.Contains("machine will boot into nixos", log, StringComparison.Ordinal);

        await vm.WaitForAsync("^MARKER second up$", Limit, Ct);
        var line = await ssh.RunAsync(port, hostKey, "cat /proc/cmdline", Limit, Ct);
        Assert.Contains("netboot.boot=", line, StringComparison.Ordinal);
        var up = (await tiny.WaitForBootAsync("target", "up", Limit, Ct)).GetProperty("up");
        Assert.Contains(Address, up.GetProperty("addresses").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(hostKey.Split(' ')[1], up.GetProperty("sshHostKeys")[0].GetString()!.Split(' ')[1]);
    }
}
