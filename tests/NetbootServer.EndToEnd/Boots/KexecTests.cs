using System.Text.Json;
using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// A Linux that was set up by hand starts another one by kexec, and an ssh client that knows only its host key sees no
/// difference.
/// </summary>
[Collection(BootCollection.Name)]
public sealed class KexecTests(BootAssets assets)
{
    private const string Line = "console=ttyS0 panic=-1 quiet";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_new_system_is_reached_as_the_old_one_was()
    {
        await using var tiny = await ServeAsync(kibibytes: 0);
        using var login = await SshLogin.MakeAsync(Ct);
        var port = Ports.Free();
        await using var vm = await StartAsync(login, port, memoryMiB: 512);

        // What nixos-anywhere does: facts, the bundle by its name's suffix, its log line, and again when it is up.
        var (_, facts) = await login.RunAsync(port,
            "uname -m; id -u; for p in tar cpio setsid wget; do command -v $p; done; setsid --wait true && echo waits",
            Ct);
        Assert.StartsWith("x86_64\n0\n", facts, StringComparison.Ordinal);
        Assert.EndsWith("waits\n", facts, StringComparison.Ordinal);
        var url = await UrlAsync(tiny);
        Assert.EndsWith(".tar.gz", url, StringComparison.Ordinal);
        var (code, log) = await login.RunAsync(port, $"set -e; mkdir -p $HOME/kexec; cd $HOME/kexec; " +
            $"wget -q {url} -O- | tar -xz -C $HOME/kexec; " +
            "TMPDIR=$HOME/kexec setsid --wait $HOME/kexec/kexec/run --kexec-extra-flags '' 2>&1 " +
            "| tee $HOME/kexec/nixos-anywhere.log", Ct);
        Assert.True(code == 0 && log.Contains("machine will boot into nixos", StringComparison.Ordinal), log);

        await vm.WaitForAsync("^MARKER second up$", Limit, Ct);
        var before = ShownBy("first", vm.Console);
        Assert.Contains("eth0 10.0.2.50/24 static", before);
        Assert.Contains("eth0 2001:db8:1::50/64 static", before);
        Assert.Contains("eth0.5 192.0.2.5/24 static", before);
        Assert.Contains(before, line => Regex.IsMatch(line, "^eth1 10[.]0[.]3[.][0-9]+/24 dynamic$"));
        Assert.Contains("route default via 10.0.2.2 dev eth0", before);
        Assert.Contains("route 198.51.100.0/24 via 10.0.2.3 dev eth0 metric 50", before);
        Assert.Contains("route 2001:db8:7::/48 via 2001:db8:1::2 dev eth0 metric 1024 pref medium", before);
        Assert.Equal(before, ShownBy("second", vm.Console));
        (code, var line) = await login.RunAsync(port, "cat /proc/cmdline", Ct);
        Assert.True(code == 0 && line.Contains("netboot.boot=", StringComparison.Ordinal), line);

        var boot = await tiny.WaitForBootAsync("node", "up", Limit, Ct);
        Assert.Equal(["script", "bundle", "ready", "up"], boot.GetProperty("steps").EnumerateArray().Select(step =>
            step.GetProperty("name").GetString()));
        var up = boot.GetProperty("up");
        Assert.Contains("10.0.2.50", up.GetProperty("addresses").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal(login.HostKey, up.GetProperty("sshHostKeys")[0].GetString());
    }

    [Fact]
    public async Task A_machine_with_too_little_memory_is_refused_and_stays_up()
    {
        await using var tiny = await ServeAsync(kibibytes: 24 << 10);
        using var login = await SshLogin.MakeAsync(Ct);
        var port = Ports.Free();
        await using var vm = await StartAsync(login, port, memoryMiB: 160);
        var url = await UrlAsync(tiny);
        var (code, log) = await login.RunAsync(
            port, $"wget -q -O- {url} | tar -xzf- -C /root && /root/kexec/run", Ct);
        Assert.Equal(1, code);
        Assert.Matches("^run: too little memory: the new system needs [0-9]+ MiB, this machine has [0-9]+ MiB[.]", log);
        Assert.Equal((0, "still here\n"), await login.RunAsync(port, "echo still here", Ct));
    }

    private async Task<TinyImage> ServeAsync(int kibibytes)
    {
        var initrd = new LabInitrd(await BootAssets.KexecInitrdAsync(kibibytes),
            System.Collections.Frozen.FrozenDictionary<string, string>.Empty);
        var tiny = await TinyImage.ServeAsync(assets, initrd, Ct);
        await tiny.Api.PutAsync("/machines/node",
            new { macs = new[] { new MachineHardware().Mac }, profile = "tiny" }, Ct);
        return tiny;
    }

    private async Task<QemuVm> StartAsync(SshLogin login, int port, int memoryMiB)
    {
        var initrd = await login.AppendToAsync(await BootAssets.KexecInitrdAsync(0), Ct);
        var vm = QemuVm.Start(QemuCommand.Linux(assets, initrd, Line, new() { MemoryMiB = memoryMiB }, port),
            TestArtifacts.OfThisTest());
        await vm.WaitForAsync("^MARKER first sshd$", Limit, Ct);
        return vm;
    }

    /// <summary>The URL of the line to paste, as the guest sees this server.</summary>
    private static async Task<string> UrlAsync(TinyImage tiny)
    {
        JsonElement lines = await tiny.Api.GetAsync("/machines/node/kexec", Ct);
        return VmNetwork.AsSeenByGuest(new Uri(lines.GetProperty("url").GetString()!)).ToString();
    }

    /// <summary>What a system says of its network: addresses, routes, cards.</summary>
    private static string[] ShownBy(string system, string console) =>
    [
        .. Regex.Matches(console, $"^MARKER {system} ((?:eth|route|mac).*?)\\s*$", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal),
    ];
}
