using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Every page in both themes, on a desk and on a phone: kept as pictures, and accessible.</summary>
[Collection(DashboardCollection.Name)]
public sealed class LooksTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Pages by their address, and a text that is there once they are loaded.</summary>
    private static readonly (string Name, string Address, string Text)[] Pages =
    [
        ("overview", "", "stalled"),
        ("machines", "machines", "rack3-node01"),
        ("machines-nothing", "machines?q=nonesuch", "Clear filters"),
        ("machine", "machines/rack3-node01", "chosen"),
        ("machine-moving", "machines/rack3-node03", "of 64.0 MiB"),
        ("machine-discovered", "machines/3c-ec-ef-41-0a-9e", "It waits at its prompt"),
        ("boots", "boots", "the connection was reset"),
        ("profiles", "profiles", "gpu-workers"),
        ("profile", "profiles/gpu-workers", "machines now"),
        ("profile-new", "profiles/+", "Add profile"),
        ("images", "images", "nixos-26.05"),
        ("image", "images/fleet", "What"),
        ("jobs", "jobs", "No job yet"),
        ("access", "access", "made session"),
        ("sessions", "access?show=sessions", "127.0.0.1"),
        ("setup", "setup", "dhcp-match=set:ipxe,175"),
        ("about", "about", "Apache-2.0"),
        ("nowhere", "machines/nonesuch", "There is no machine"),
    ];

    public static TheoryData<string> Screens =>
        [.. new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.Select(screen => screen.Name)];

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Every_page_is_accessible_and_fits_its_screen(string name)
    {
        var screen = new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.First(screen =>
            screen.Name == name);
        await using var fleet = await Fleet.StartAsync(Ct);
        using var hanging = await PlayAsync(fleet);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("404");
            foreach (var (page, address, text) in Pages)
            {
                await visit.GoAsync(address);
                await Expect(visit.Page.Locator("main").GetByText(text).First).ToBeVisibleAsync();
                await visit.ShootAsync(page);
                await visit.AssertAccessibleAsync(page);
                var overflow = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
                Assert.True(overflow <= 0, $"{page} is {overflow} px wider than the screen");
            }
        }, screen);
    }

    /// <summary>Boots of every outcome, one of them under way.</summary>
    private static async Task<IDisposable> PlayAsync(Fleet fleet)
    {
        foreach (var mac in new[] { "3c:ec:ef:41:03:01", "3c:ec:ef:41:03:02", "b8:ce:f6:0a:55:01" })
        {
            var machine = await fleet.Machine(mac).AskAsync(Ct);
            await (await machine.LoadAsync(Ct)).ReadyAsync(Ct);
            await machine.UpAsync(Ct);
        }
        await (await (await fleet.Machine("3c:ec:ef:41:03:04").AskAsync(Ct)).LoadAsync(Ct)).ReadyAsync(Ct);
        await (await fleet.Machine("b8:ce:f6:0a:55:02").AskAsync(Ct)).FailAsync("kernel", "0f0a6095", Ct);
        await (await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct)).AskAsync(Ct);
        return await (await fleet.Machine("3c:ec:ef:41:03:03").AskAsync(Ct)).HangAsync(1 << 20, Ct);
    }
}
