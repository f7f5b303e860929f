using Microsoft.Playwright;
using NetbootServer.EndToEnd.Boots;
using NetbootServer.EndToEnd.Lab;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>A real machine boots while somebody watches it.</summary>
[Collection(BootCollection.Name)]
public sealed class WatchBootTests(BootAssets assets)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_boot_is_watched_from_its_script_until_it_is_up()
    {
        await using var tiny = await TinyImage.ServeAsync(assets, mebibytes: 48, Ct,
            ("Http:MaxBytesPerSecondPerMachine", $"{6 << 20}")); // long enough for every browser to see it move
        var hardware = new MachineHardware();
        await tiny.RegisterAsync("node", hardware, Ct);
        await using var browser = new Browser();
        await browser.InitializeAsync();
        await browser.VisitAsync(tiny.Server, async visit =>
        {
            visit.Page.SetDefaultTimeout(300_000);
            await Expect(visit.Page.GetByText("No machine is booting")).ToBeVisibleAsync();
            var command = QemuCommand.Uefi(assets, IpxeBuild.Of2025, new Uri(tiny.Server.Url, "boot.ipxe"), hardware);
            await using var vm = QemuVm.Start(command, TestArtifacts.OfThisTest());
            var row = visit.Page.Locator(".boots li").Filter(new() { HasText = "node" });
            await row.WaitForAsync();
            await row.Locator("progress").First.WaitForAsync();
            await visit.ShootAsync("moving");
            await row.GetByRole(AriaRole.Link, new() { Name = "node" }).ClickAsync();
            await visit.Page.Locator(".state.badge", new() { HasText = "ready" })
                .Or(visit.Page.Locator(".state.badge", new() { HasText = "up" })).First.WaitForAsync();
            await visit.Page.Locator(".state.badge", new() { HasText = "up" }).WaitForAsync();
            await Expect(visit.Page.Locator(".track.big li.done")).ToHaveCountAsync(6);
            await Expect(visit.Page.GetByText("10.0.2.15").First).ToBeVisibleAsync();
            await visit.ShootAsync("up");
            await vm.WaitForAsync("^MARKER up ok$", TimeSpan.FromMinutes(5), Ct);
        });
    }
}
