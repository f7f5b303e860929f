using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NetbootServer.EndToEnd.Lab;

namespace NetbootServer.EndToEnd.Boots;

/// <summary>
/// A machine's own files on images that know nothing of the server: seen by the system itself, after it has left the
/// initramfs where it does so.
/// </summary>
[Collection(BootCollection.Name)]
public sealed class OverlayTests(BootAssets assets)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly MachineHardware Hardware = new() { Serial = "SER123", Product = "ProtoBox" };
    private static readonly string Open = string.Concat(Enumerable.Repeat("a machine's own file\n", 100));
    private const string Secret = "only for this machine";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>UEFI with the iPXE of 2019 joins the initrds as they are, the others align each.</summary>
    [Fact]
    public Task An_initramfs_that_is_never_left_has_them_with_the_UEFI_iPXE_of_2019() =>
        BootsWithThemAsync(QemuCommand.Uefi, IpxeBuild.Of2019, switches: false, "plain");

    [Fact]
    public Task An_initramfs_that_is_never_left_has_them_on_a_BIOS() =>
        BootsWithThemAsync(QemuCommand.Lkrn, IpxeBuild.Of2025, switches: false, "plain");

    [Fact]
    public Task A_system_behind_switch_root_has_them_with_the_UEFI_iPXE_of_2019() =>
        BootsWithThemAsync(QemuCommand.Uefi, IpxeBuild.Of2019, switches: true, "shim");

    [Fact]
    public Task A_system_behind_switch_root_has_them_on_a_BIOS() =>
        BootsWithThemAsync(QemuCommand.Lkrn, IpxeBuild.Of2019, switches: true, "shim");

    private async Task BootsWithThemAsync(Func<BootAssets, IpxeBuild, Uri, MachineHardware, QemuCommand> way,
        IpxeBuild ipxe, bool switches, string kind)
    {
        await using var tiny = await TinyImage.ServeAsync(assets, await BootAssets.InitrdAsync(0, switches), Ct);
        await tiny.Api.PutAsync("/machines/node", new
        {
            macs = new[] { Hardware.Mac }, profile = "tiny", secretRelease = "once",
            overlay = new
            {
                files = new object[]
                {
                    new { path = "/extra/open", content = Open },
                    new { path = "/extra/of its own/hidden", content = Secret, mode = "0600", secret = true },
                },
            },
        }, Ct);
        var plan = await tiny.Api.WaitForAsync("/machines/node/plan", read => read.TryGetProperty("overlayKind", out _),
            Limit, Ct);
        Assert.Equal(kind, plan.GetProperty("overlayKind").GetString());
        Assert.All(plan.GetProperty("overlay").EnumerateArray(),
            item => Assert.Equal("initrd", item.GetProperty("delivered").GetString()));

        await using var vm = QemuVm.Start(way(assets, ipxe, new Uri(tiny.Server.Url, "boot.ipxe"), Hardware),
            TestArtifacts.OfThisTest());
        await vm.WaitForAsync($"^MARKER extra /extra/open {Digest(Open)}$", Limit, Ct);
        Assert.Contains($"MARKER extra /extra/of its own/hidden {Digest(Secret)}", vm.Console,
            StringComparison.Ordinal);
        await vm.WaitForAsync("^MARKER done$", Limit, Ct);
        Assert.DoesNotContain(Secret, vm.Console, StringComparison.Ordinal);

        var boot = await tiny.WaitForBootAsync("node", "up", Limit, Ct);
        string[] steps = [.. boot.GetProperty("steps").EnumerateArray().Select(step =>
            step.GetProperty("name").GetString()!)];
        Assert.Equal(["script", "kernel", "initrd", "overlay", "ready", "up"], steps);
        // The boot has succeeded: another one of the same machine gets nothing secret.
        var script = await tiny.Server.Machines.GetStringAsync(
            $"/boot/script?mac={Hardware.Mac}&serial=SER123&arch=x86_64&platform=efi", Ct);
        var overlay = script.Split(' ', '\n').First(word =>
            word.Contains("/overlay.cpio?key=", StringComparison.Ordinal));
        var bytes = await tiny.Server.Machines.GetByteArrayAsync(new Uri(overlay).PathAndQuery, Ct);
        using var unpacked = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(new MemoryStream(bytes),
            System.IO.Compression.CompressionMode.Decompress))
        {
            if (bytes[0] == 0x1F) await gzip.CopyToAsync(unpacked, Ct);
            else unpacked.Write(bytes);
        }
        var text = Encoding.UTF8.GetString(unpacked.ToArray());
        Assert.Contains("a machine's own file", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        await tiny.Api.WaitForAsync("/alarms?kind=secrets-withheld", alarms =>
            alarms.GetProperty("items").EnumerateArray().Any(IsOfNode), Limit, Ct);
    }

    private static bool IsOfNode(JsonElement alarm) => alarm.GetProperty("subject").GetString() == "node";

    private static string Digest(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
