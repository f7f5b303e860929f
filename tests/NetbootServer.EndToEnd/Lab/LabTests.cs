using System.Text.Json;

namespace NetbootServer.EndToEnd.Lab;

/// <summary>The lab itself, without the product.</summary>
[Collection(BootCollection.Name)]
public sealed class LabTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

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
}
