using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.SelfTests;

/// <summary>The lab boots a machine without the product, so that a red test of the product means the product.</summary>
[Collection(BootCollection.Name)]
public sealed class BootTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(IpxeBuild.Of2019, "iPXE/1.0.0")]
    [InlineData(IpxeBuild.Of2025, "iPXE/1.21.1")]
    public async Task A_real_iPXE_boots_a_Linux_that_phones_home(IpxeBuild ipxe, string userAgent)
    {
        var initrd = await BootAssets.InitrdAsync(mebibytes: 4);
        await using var server = await MiniServer.StartAsync(assets.Kernel, initrd.Path, Ct);
        var command = QemuCommand.Lkrn(assets, ipxe, new Uri(server.Url, "boot.ipxe"), new MachineHardware());
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());

        foreach (var proof in initrd.Proofs)
            await vm.WaitForAsync($"^{proof}$", Limit, Ct);
        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);
        await vm.WaitForAsync("^MARKER done$", Limit, Ct);
        await vm.WaitForOffAsync(Limit, Ct);

        var loads = server.Requests.Where(request => request.UserAgent.StartsWith(userAgent, StringComparison.Ordinal));
        Assert.Equal(["/boot.ipxe", "/kernel", "/initrd"], loads.Select(request => request.Target));
        Assert.Single(loads.Select(request => request.Connection).Distinct());
        var report = JsonDocument.Parse(Assert.Single(server.PhoneHomes)).RootElement;
        Assert.Equal("10.0.2.15", report.GetProperty("addresses")[0].GetString());
    }

    [Fact]
    public async Task A_machine_that_QEMU_refuses_fails_at_once_with_the_reason()
    {
        var command = QemuCommand.Lkrn(
            assets, IpxeBuild.Of2025, new Uri("http://127.0.0.1:1/"), new MachineHardware { Mac = "not a mac" });
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());

        var failure = await Assert.ThrowsAsync<EndOfStreamException>(() => vm.WaitForAsync("never", Limit, Ct));

        Assert.Contains("not a mac", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_with_no_server_falls_back_to_its_disk()
    {
        var command = QemuCommand.Rom(
            assets, IpxeBuild.Of2019, new Uri("http://127.0.0.1:1/"), new MachineHardware(), localDisk: true);
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());

        await vm.WaitForAsync($"^{LocalDisk.Marker}$", Limit, Ct);
        await vm.WaitForOffAsync(Limit, Ct);
    }
}
