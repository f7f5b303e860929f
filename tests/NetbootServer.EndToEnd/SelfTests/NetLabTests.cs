using System.Text.RegularExpressions;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.SelfTests;

[Collection(BootCollection.Name)]
public sealed class NetLabTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_BIOS_machine_loads_its_script_by_DHCP_and_TFTP_in_a_network_of_its_own()
    {
        var artifacts = TestArtifacts.OfThisTest();
        await using var lab = await NetLab.CreateAsync();
        const string script = "#!ipxe\necho MARKER ${ip}\necho The end.\nreboot\n";
        await File.WriteAllTextAsync(Path.Combine(lab.TftpRoot, "lab.ipxe"), script, Ct);
        var dnsmasq = await lab.StartDnsmasqAsync("dhcp-boot=lab.ipxe", artifacts, Ct);
        var command = QemuCommand.Rom(
            assets, IpxeBuild.Of2025, new Uri("http://unused/"), new MachineHardware(), await lab.PlugInAsync());
        await using var vm = QemuVm.Start(command, artifacts);

        var marker = await vm.WaitForAsync(@"^MARKER (10\.77\.0\.\d+)\n", Limit, Ct);

        var leased = Regex.Escape($"DHCPACK(lan) {marker.Groups[1]} 52:54:00:aa:bb:01");
        await dnsmasq.WaitAsync(new Regex(leased), Limit, 0, null, Ct); // its log comes by another pipe
        await vm.WaitForOffAsync(Limit, Ct);
    }
}
