using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>
/// Every page and dialog of a busy server in both themes, on a desk and on a phone: kept as pictures, accessible,
/// and no wider than the screen.
/// </summary>
[Collection(DashboardCollection.Name)]
public sealed class LooksTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Pages by their address, and a text that is there once they are loaded.</summary>
    private static readonly (string Name, string Address, string Text)[] Pages =
    [
        ("overview", "", "stalled at initrd"),
        ("machines", "machines", "gpu-a100-01"),
        ("machines-filtered", "machines?label=rack%3D3&sort=state", "rack3-node07"),
        ("machines-nothing", "machines?q=nonesuch", "Clear filters"),
        ("machine-moving", $"machines/{Morning.Moving}", "usual time"),
        ("machine-stalled", $"machines/{Morning.Still}", "no bytes for"),
        ("machine-up", "machines/rack1-node01", "from script to up"),
        ("machine-failed", "machines/gpu-a100-04", "out of memory"),
        ("machine-next-boot", "machines/gpu-a100-03", "This holds for one boot only."),
        ("machine-disk", "machines/storage-01", "local disk"),
        ("machine-discovered", $"machines/{Morning.Found}", "It is not registered"),
        ("machine-long-name", $"machines/{Morning.LongName}", "never asked for a script"),
        ("machine-much-to-say", $"machines/{Morning.LongMac}", "maker"),
        ("boots", "boots", "the connection was reset"),
        ("boots-running", "boots?outcome=running", Morning.Moving),
        ("boots-stalled", "boots?outcome=stalled", Morning.Still),
        ("boots-nothing", "boots?outcome=unknown", "No boot is unknown"),
        ("boot", "boots/{boot}", "Steps"),
        ("profiles", "profiles", "gpu-workers"),
        ("profile", "profiles/gpu-workers", "machines now"),
        ("profile-long", $"profiles/{Morning.LongProfile}", "1 machine now"),
        ("profile-new", "profiles/+", "Add profile"),
        ("images", "images", "nixos-26.05"),
        ("image", "images/fleet", "What"),
        ("image-failing", "images/nixos-unstable", "nixos-unstable"),
        ("jobs", "jobs", "refresh"),
        ("job", "jobs/{job}", "Refreshing image nixos-unstable"),
        ("access", "access", "made session"),
        ("tokens", "access?show=tokens", "ci"),
        ("sessions", "access?show=sessions", "127.0.0.1"),
        ("setup", "setup", "dhcp-match=set:ipxe,175"),
        ("about", "about", "Apache-2.0"),
        ("nowhere", "machines/nonesuch", "There is no machine"),
        ("no-such-page", "nonesuch", "There is no such page"),
    ];

    /// <summary>Dialogs by the address they are over, what opens them, and a text of theirs.</summary>
    private static readonly (string Name, string Address, Func<Visit, Fleet, Task> Open, string Text)[] Dialogs =
    [
        ("approve", $"machines/{Morning.Found}", (visit, _) => visit.Button("Approve…").ClickAsync(), "Profile"),
        ("approve-much-to-say", $"machines/{Morning.LongMac}", (visit, _) => visit.Button("Approve…").ClickAsync(),
            "Profile"),
        ("edit-machine-long", $"machines/{Morning.LongName}?edit", (_, _) => Task.CompletedTask, "Serial"),
        ("edit-machine", "machines/storage-01?edit", (_, _) => Task.CompletedTask, "Serial"),
        ("overlay", "machines/storage-01", (visit, _) => visit.Button("Edit overlay").ClickAsync(),
            "Authorized keys of root"),
        ("next-boot", $"machines/{Morning.Moving}?next", (_, _) => Task.CompletedTask, "Boot once"),
        ("add-machine", "machines?add", (_, _) => Task.CompletedTask, "MAC addresses"),
        ("conflict", "machines/gpu-a100-05?edit", ConflictAsync, "saved meanwhile"),
        ("delete", "machines/gpu-a100-05", DeleteAsync, "Keep it"),
        ("import", "machines", ImportAsync, "1 changed"),
        ("palette", "", PaletteAsync, "Next boot of"),
        ("keys", "", KeysAsync, "Single letters"),
        ("add-image", "images?add", (_, _) => Task.CompletedTask, "Your own"),
        ("add-image-url", "images?add", (visit, _) => visit.ChooseKindAsync("From URLs"), "Sums file"),
        ("upload", "images/rescue", (visit, _) => visit.Button("Upload version…").ClickAsync(), "Choose files…"),
    ];

    public static TheoryData<string> Screens =>
        [.. new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.Select(screen => screen.Name)];

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Every_page_and_dialog_is_accessible_and_fits_its_screen(string name)
    {
        var screen = new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.First(screen =>
            screen.Name == name);
        await using var morning = await Morning.BreakAsync(Ct);
        await browser.VisitAsync(morning.Fleet.Server, async visit =>
        {
            var faults = new List<string>();
            visit.Expect("404");
            visit.Expect("412");
            await Expect(visit.Page.GetByText("stalled at initrd").First).ToBeVisibleAsync();
            var (boot, job) = (await NewestAsync(morning, "boots?outcome=failed"), await NewestAsync(morning, "jobs"));
            foreach (var (page, address, text) in Pages)
            {
                await visit.GoAsync(address.Replace("{boot}", boot, StringComparison.Ordinal)
                    .Replace("{job}", job, StringComparison.Ordinal));
                await Expect(visit.Page.Locator("main").GetByText(text).First).ToBeVisibleAsync();
                faults.AddRange(await LookAsync(visit, page));
            }
            foreach (var (dialog, address, open, text) in Dialogs)
            {
                await visit.GoAsync("about"); // an address that is the same already would open nothing
                await Expect(visit.Heading("About")).ToBeVisibleAsync();
                await visit.GoAsync(address);
                await open(visit, morning.Fleet);
                await Expect(visit.Dialog.GetByText(text).First).ToBeVisibleAsync();
                faults.AddRange(await LookAsync(visit, $"dialog-{dialog}"));
            }
            Assert.True(faults.Count == 0, string.Join('\n', faults));
        }, screen);
    }

    /// <summary>Pages that have nothing to show yet.</summary>
    private static readonly (string Name, string Address, string Text)[] Empty =
    [
        ("overview", "", "No machine is booting"), ("machines", "machines", "No machine yet"),
        ("boots", "boots", "No boot yet"), ("profiles", "profiles", "No profile yet"),
        ("images", "images", "No image yet"), ("jobs", "jobs", "No job yet"),
    ];

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task An_empty_server_says_what_to_do_from_log_in_to_its_stop(string name)
    {
        var screen = new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.First(screen =>
            screen.Name == name);
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var faults = new List<string>();
            visit.Expect("ERR_");
            visit.Expect("503");
            await Expect(visit.Button("Log in")).ToBeVisibleAsync();
            faults.AddRange(await LookAsync(visit, "log-in"));
            await visit.LogInAsync();
            await Expect(visit.Page.GetByRole(Microsoft.Playwright.AriaRole.Tabpanel)).ToContainTextAsync("dhcp-boot");
            faults.AddRange(await LookAsync(visit, "guide"));
            await visit.Button("Skip the guide").ClickAsync();
            foreach (var (page, address, text) in Empty)
            {
                await visit.GoAsync(address);
                await Expect(visit.Page.Locator("main").GetByText(text).First).ToBeVisibleAsync();
                faults.AddRange(await LookAsync(visit, $"empty-{page}"));
            }
            await fleet.Server.StopAsync();
            await Expect(visit.Page.GetByText("Server away")).ToBeVisibleAsync();
            faults.AddRange(await LookAsync(visit, "away"));
            Assert.True(faults.Count == 0, string.Join('\n', faults));
        }, screen, logIn: false);
    }

    private static async Task<string> NewestAsync(Morning morning, string list) =>
        (await morning.Fleet.Api.ListAsync($"/{list}", Ct))[0].GetProperty("id").GetString()!;

    /// <summary>Keeps a picture; says what is wrong with what it shows.</summary>
    private static async Task<IEnumerable<string>> LookAsync(Visit visit, string what)
    {
        // Hundreds of rows make a page of their height: of a list, and of a dialog, what is in sight is enough.
        var whole = what is not "machines" && !what.StartsWith("dialog", StringComparison.Ordinal);
        await visit.ShootAsync(what, whole);
        var overflow = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
        var cut = await visit.Page.EvaluateAsync<string[]>(Cut);
        return (await visit.AccessFaultsAsync())
            .Concat(overflow > 0 ? [$"{overflow} px wider than the screen"] : [])
            .Concat(cut.Select(text => $"text runs out of {text}")).Select(fault => $"{what}: {fault}");
    }

    /// <summary>Buttons and headings whose text is wider than themselves.</summary>
    private const string Cut = """
        [...document.querySelectorAll('.btn, h1, h2, h3, .state, dt')]
          .filter(one => one.offsetParent && !one.matches('.vh') && one.clientWidth > 0
            && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
          .map(one => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`)
        """;

    private static async Task ImportAsync(Visit visit, Fleet _)
    {
        await visit.Button("Import…").ClickAsync();
        await visit.Dialog.GetByLabel("or its text").FillAsync(
            "name,macs,profile,labels\n" +
            "new-1,3c:ec:ef:99:00:01,rescue,rack=9 role=worker\n" +
            "gpu-a100-01,b8:ce:f6:0a:55:01,,gpu=h100\n");
        await visit.Button("Preview").ClickAsync();
    }

    private static async Task PaletteAsync(Visit visit, Fleet _)
    {
        await Expect(visit.Heading("Boots in progress")).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Control+k");
        await visit.Page.GetByRole(AriaRole.Combobox).FillAsync("node0");
    }

    private static async Task KeysAsync(Visit visit, Fleet _)
    {
        await Expect(visit.Heading("Boots in progress")).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("?");
    }

    /// <summary>Somebody else saves while this one types.</summary>
    private static async Task ConflictAsync(Visit visit, Fleet fleet)
    {
        await visit.Dialog.GetByLabel("Notes").FillAsync("Fan 3 is loud.\nملاحظة");
        await fleet.Api.PutAsync("/machines/gpu-a100-05", new
        {
            macs = new[] { "b8:ce:f6:0a:55:05" }, labels = new { gpu = "a100", row = "7" },
            notes = $"Changed {Guid.NewGuid():N}",
        }, Ct);
        await visit.Button("Save").ClickAsync();
    }

    private static async Task DeleteAsync(Visit visit, Fleet _)
    {
        await visit.Button("More actions").ClickAsync();
        await visit.Page.GetByText("Delete…").ClickAsync();
    }
}
