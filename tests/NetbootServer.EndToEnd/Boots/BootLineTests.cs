using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// The line everything hangs on: a real iPXE asks the real server, boots a real Linux, and the server sees it come up.
/// Each pair of BIOS or UEFI and iPXE of 2019 or 2025 is here at least once.
/// </summary>
[Collection(BootCollection.Name)]
public sealed class BootLineTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly MachineHardware Hardware = new() { Serial = "SER123", Product = "ProtoBox" };

    /// <summary>What no honest maker would burn in: line breaks, iPXE's own syntax, text that is not ASCII.</summary>
    private static readonly MachineHardware HostileHardware = new()
    {
        Serial = "a,b\"'\n#!ipxe\nreboot ${uuid} &mac=00%0a",
        Product = "${mac}\r\nboot || shell",
        Manufacturer = "Größe & Söhne; \t{\"x\":1}",
        Asset = new string('x', 1000),
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_registered_UEFI_machine_boots_and_its_timeline_holds_every_step() =>
        Registered_machine_boots(QemuCommand.Uefi, IpxeBuild.Of2025, Hardware, "efi");

    [Fact]
    public Task A_registered_BIOS_machine_boots_whatever_it_says_about_itself() =>
        Registered_machine_boots(QemuCommand.Lkrn, IpxeBuild.Of2019, HostileHardware, "pcbios");

    [Fact]
    public async Task An_unknown_machine_waits_is_approved_and_boots_untouched()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await using var vm = Start(QemuCommand.Lkrn, IpxeBuild.Of2019, Hardware, tiny.Server.Url);
        const string discovered = "52-54-00-aa-bb-01";

        var seen = await tiny.Api.WaitForAsync($"/machines/{discovered}", _ => true, Limit, Ct);
        Assert.Equal("discovered", seen.GetProperty("state").GetString());
        Assert.Equal("SER123", seen.GetProperty("identity").GetProperty("serial").GetString());
        Assert.Equal("ProtoBox", seen.GetProperty("identity").GetProperty("product").GetString());
        await vm.WaitForAsync("(?i)not registered|unknown|approv", Limit, Ct);
        Assert.Empty(await tiny.Api.ListAsync("/boots", Ct));

        var approved = await tiny.RegisterAsync("node", Hardware, Ct);
        Assert.Equal("registered", approved.GetProperty("state").GetString());
        Assert.Equal(seen.GetProperty("firstSeenAt").GetString(), approved.GetProperty("firstSeenAt").GetString());
        Assert.Null(await tiny.Api.FindAsync($"/machines/{discovered}", Ct));

        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);
        await tiny.WaitForBootAsync("node", "up", Limit, Ct);
    }

    [Theory]
    [InlineData(IpxeBuild.Of2019)]
    [InlineData(IpxeBuild.Of2025)]
    public async Task A_machine_tells_all_of_its_interfaces_and_is_known_by_the_last_of_them(IpxeBuild ipxe)
    {
        string[] others = [.. Enumerable.Range(2, 11).Select(i => $"52:54:00:aa:bb:{i:x2}")];
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await using var vm = Start(QemuCommand.Lkrn, ipxe, Hardware with { OtherMacs = others }, tiny.Server.Url);
        var seen = await tiny.Api.WaitForAsync("/machines/52-54-00-aa-bb-01", _ => true, Limit, Ct);
        var told = seen.GetProperty("identity").GetProperty("macs").GetString()!.Split(',');
        Assert.Equal(["52-54-00-aa-bb-01", "52-54-00-aa-bb-01", .. others.Select(mac => mac.Replace(':', '-'))], told);
    }

    [Fact]
    public async Task An_initrd_that_is_out_of_service_is_waited_for()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await using var proxy = await FaultProxy.StartAsync(tiny.Server.Url, Ct);
        await tiny.RegisterAsync("node", Hardware, Ct);
        var blob = Path.Combine(tiny.Server.DataDirectory, "blobs", tiny.InitrdDigest[..2], tiny.InitrdDigest);
        File.Move(blob, blob + ".away");

        await using var vm = Start(QemuCommand.Lkrn, IpxeBuild.Of2025, Hardware, proxy.Url);
        var refused = await Until.FoundAsync(
            () => Task.FromResult(proxy.Requests.FirstOrDefault(request => IsInitrd(request) && request.Status != 0)),
            "the initrd to be refused", Limit);
        Assert.Equal(503, refused.Status);
        Assert.DoesNotContain("MARKER", vm.Console, StringComparison.Ordinal);
        File.Move(blob + ".away", blob);

        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);
        var boot = await tiny.WaitForBootAsync("node", "up", Limit, Ct);
        Assert.Equal(tiny.Initrd.SizeBytes, Step(boot, "initrd").GetProperty("bytes").GetInt64());
        Assert.Single(await tiny.Api.ListAsync("/machines/node/boots", Ct));
        Assert.Equal(200, proxy.Requests.Last(IsInitrd).Status);

        bool IsInitrd(ProxiedRequest request) => request.Target.Contains(tiny.InitrdDigest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Next_boot_to_the_local_disk_is_used_once()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await tiny.RegisterAsync("node", Hardware, Ct);
        await tiny.Api.PutAsync("/machines/node/next-boot", new { action = "local" }, Ct);

        var command = QemuCommand.Rom(
            assets, IpxeBuild.Of2019, new Uri(tiny.Server.Url, "boot.ipxe"), Hardware, localDisk: true);
        await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());
        await vm.WaitForAsync($"^{LocalDisk.Marker}", Limit, Ct);

        // The script does not wait for a slow disk to note it for ever.
        await tiny.Api.WaitForAsync("/machines/node", machine =>
            !machine.TryGetProperty("nextBoot", out var next) || next.ValueKind == JsonValueKind.Null, Limit, Ct);
        Assert.Empty(await tiny.Api.ListAsync("/machines/node/boots", Ct));
        var script = await tiny.Server.Machines.GetStringAsync("/boot/52-54-00-aa-bb-01.ipxe", Ct);
        Assert.Contains(tiny.KernelDigest, script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UEFI_goes_on_to_the_disk_that_it_is_left_to()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await tiny.RegisterAsync("node", Hardware, Ct);
        await tiny.Api.PutAsync("/machines/node/next-boot", new { action = "local" }, Ct);

        await using var vm = Start(QemuCommand.UefiAndDisk, IpxeBuild.Of2025, Hardware, tiny.Server.Url);
        await vm.WaitForAsync($"^{LocalDisk.Marker}", Limit, Ct);
        Assert.Matches("boots its local disk", vm.Console);

        // In the same power-on it would be the same decision.
        var again = await tiny.Server.Machines.GetStringAsync("/boot/script?mac=52-54-00-aa-bb-01&platform=efi", Ct);
        Assert.EndsWith("exit 1\n", again, StringComparison.Ordinal);
        Assert.Empty(await tiny.Api.ListAsync("/machines/node/boots", Ct));
    }

    [Fact]
    public async Task A_kernel_that_vanishes_mid_boot_fails_the_boot_and_the_machine_comes_back_by_itself()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, 0, Ct);
        await using var proxy = await FaultProxy.StartAsync(tiny.Server.Url, Ct);
        await tiny.RegisterAsync("node", Hardware, Ct);
        proxy.Break(IsKernel, new Fault.CutAfter(5_000_000), times: 1);
        var gone = proxy.Break(IsKernel, new Fault.Answer(404));

        await using var vm = Start(QemuCommand.Uefi, IpxeBuild.Of2019, Hardware, proxy.Url);
        var failed = await tiny.WaitForBootAsync("node", "failed", Limit, Ct);
        Assert.Contains(failed.GetProperty("steps").EnumerateArray(), step => Name(step) == "failed");
        await vm.WaitForAsync("(?i)could not|cannot|failed", Limit, Ct);
        Assert.DoesNotContain("MARKER", vm.Console, StringComparison.Ordinal);

        gone.TakeBack();
        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);
        var boot = await tiny.WaitForBootAsync("node", "up", Limit, Ct);
        Assert.NotEqual(failed.GetProperty("id").GetString(), boot.GetProperty("id").GetString());

        bool IsKernel(ProxiedRequest request) => request.Target.Contains(tiny.KernelDigest, StringComparison.Ordinal);
    }

    private async Task Registered_machine_boots(
        Func<BootAssets, IpxeBuild, Uri, MachineHardware, QemuCommand> way, IpxeBuild ipxe, MachineHardware hardware,
        string platform)
    {
        await using var tiny = await TinyImage.ServeAsync(assets, mebibytes: 24, Ct);
        await tiny.RegisterAsync("node", hardware, Ct);
        await using var vm = Start(way, ipxe, hardware, tiny.Server.Url);
        await vm.WaitForAsync("^MARKER up ok$", Limit, Ct);
        foreach (var proof in tiny.Initrd.Proofs)
            await vm.WaitForAsync($"^{proof}$", Limit, Ct);
        await vm.WaitForAsync("^MARKER done$", Limit, Ct);
        await vm.WaitForOffAsync(Limit, Ct);

        var boot = await tiny.WaitForBootAsync("node", "up", Limit, Ct);
        string[] steps = [.. boot.GetProperty("steps").EnumerateArray().Select(Name)];
        Assert.Equal(["script", "kernel", "initrd", "ready", "up"], steps.Where(name => name != "overlay"));
        Assert.Equal(new FileInfo(assets.Kernel).Length, Step(boot, "kernel").GetProperty("bytes").GetInt64());
        Assert.Equal(tiny.Initrd.SizeBytes, Step(boot, "initrd").GetProperty("bytes").GetInt64());
        Assert.Equal(tiny.Initrd.SizeBytes, Step(boot, "initrd").GetProperty("totalBytes").GetInt64());
        Assert.Equal("10.0.2.15", boot.GetProperty("up").GetProperty("addresses")[0].GetString());
        Assert.Equal("node", boot.GetProperty("machine").GetString());
        Assert.Equal("tiny", boot.GetProperty("image").GetString());
        Assert.Equal(tiny.Version.GetProperty("id").GetString(), boot.GetProperty("version").GetString());

        var identity = (await tiny.Api.GetAsync("/machines/node", Ct)).GetProperty("identity");
        Assert.Equal(platform, identity.GetProperty("platform").GetString());
        Assert.Equal("x86_64", identity.GetProperty("arch").GetString());
        Assert.All(
            identity.EnumerateObject().Where(told => told.Value.ValueKind == JsonValueKind.String),
            told => Assert.DoesNotContain(told.Value.GetString()!, char.IsControl));
    }

    private QemuVm Start(
        Func<BootAssets, IpxeBuild, Uri, MachineHardware, QemuCommand> way, IpxeBuild ipxe, MachineHardware hardware,
        Uri server) =>
        QemuVm.Start(way(assets, ipxe, new Uri(server, "boot.ipxe"), hardware), TestArtifacts.OfThisTest());

    private static JsonElement Step(JsonElement boot, string name) =>
        boot.GetProperty("steps").EnumerateArray().First(step => Name(step) == name);

    private static string Name(JsonElement step) => step.GetProperty("name").GetString()!;
}
