using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Profiles in the dashboard: scripts of their own and menus, previewed while they are typed.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ProfilesTests(Browser browser)
{
    private const string Node = "3c:ec:ef:41:03:01";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_templates_fault_is_shown_at_its_line_and_once_mended_machines_get_the_script()
    {
        await using var fleet = await StartAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            await visit.GoAsync("profiles/fleet-workers");
            await visit.Button("Begin with the built-in script").ClickAsync();
            var editor = Editor(visit);
            var good = await editor.InputValueAsync();
            Assert.StartsWith("#!ipxe\n{{ begin }}\n", good, StringComparison.Ordinal);
            await editor.FillAsync(good.Replace("{{ load }}",
                "{{ if machine.lables.rack }}\n{{ end }}\n{{ load }}", StringComparison.Ordinal));
            await Expect(visit.Page.Locator(".editor .gutter b")).ToHaveTextAsync("✕ 4\n");
            await Expect(visit.Page.Locator(".editor .under mark")).ToContainTextAsync("machine.lables.rack");
            await Expect(Fault(visit)).ToContainTextAsync("Did you mean machine.labels?");
            await Expect(visit.Page.GetByText("This is the built-in script")).ToBeVisibleAsync();
            await visit.ShootAsync("fault");
            await visit.AssertAccessibleAsync("fault");
            await visit.Button("Line 4").ClickAsync();
            Assert.Equal("{{ if machine.lables.rack }}",
                await editor.EvaluateAsync<string>("area => area.value.slice(area.selectionStart, area.selectionEnd)"));

            await visit.Page.RunAndWaitForResponseAsync(() => visit.Button("Save").ClickAsync(),
                answer => answer.Status == 422);
            await Expect(Fault(visit)).ToContainTextAsync("Line 4");
            Assert.Null(await TemplateAsync(fleet));

            await editor.FillAsync(good.Replace("{{ load }}", "{{ if machine.labels.rack }}\n" +
                "echo from rack {{ machine.labels.rack }}\n{{ end }}\n{{ load }}", StringComparison.Ordinal));
            await Expect(Fault(visit)).ToHaveCountAsync(0);
            await Expect(Script(visit)).ToContainTextAsync("echo from rack 3");
            await visit.Page.Keyboard.PressAsync("Control+s");
            await Expect(visit.Toast("fleet-workers saved")).ToBeVisibleAsync();
        });
        Assert.Contains("machine.labels.rack", await TemplateAsync(fleet), StringComparison.Ordinal);
        Assert.Contains("\necho from rack 3\n", await ScriptAsync(fleet, Node), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_is_previewed_for_any_machine_and_a_name_is_put_in_at_the_cursor()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("profiles/gpu-workers");
            await visit.Button("Begin with the built-in script").ClickAsync();
            await Expect(Script(visit)).ToContainTextAsync("echo gpu-a100-01 boots nixos-26.05");
            await visit.Page.GetByLabel("Machine of the preview").FillAsync("rack3-node05");
            await fleet.MachineAsync("gpu-a100-04", "b8:ce:f6:0a:55:04", new { gpu = "a100" }, Ct);
            await Expect(visit.Page.GetByText("4 machines now")).ToBeVisibleAsync(); // what is typed is still there
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(Script(visit)).ToContainTextAsync("echo rack3-node05 boots nixos-26.05");
            await visit.Page.GetByLabel("Machine of the preview").FillAsync("");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(Script(visit)).ToContainTextAsync("echo any-machine boots nixos-26.05");

            await Editor(visit).FillAsync("#!ipxe\necho ");
            await Editor(visit).PressAsync("Control+End");
            await visit.Page.GetByText("What a template can use").ClickAsync();
            await visit.AssertAccessibleAsync("help");
            await visit.Button("attempt").ClickAsync();
            await Expect(Editor(visit)).ToHaveValueAsync("#!ipxe\necho {{ attempt }}");
            await Expect(Script(visit)).ToContainTextAsync("echo 0");
            await visit.Button("Use the built-in script").ClickAsync();
            await visit.Toast("The built-in script again").GetByRole(AriaRole.Button).ClickAsync();
            await Expect(Editor(visit)).ToHaveValueAsync("#!ipxe\necho {{ attempt }}");
        });
    }

    [Fact]
    public async Task A_menu_made_with_the_keyboard_is_what_the_machine_gets()
    {
        await using var fleet = await StartAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("profiles/fleet-workers");
            await visit.Button("Offer a menu").ClickAsync();
            await Expect(Entries(visit)).ToHaveCountAsync(3);
            await visit.Page.GetByLabel("Title").FillAsync("Rack 3");
            await visit.Page.GetByLabel("Seconds until it begins by itself").FillAsync("20");
            await visit.Button("Add entry").FocusAsync();
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Page.GetByLabel("Entry 4 leads to")).ToBeFocusedAsync();
            await visit.Page.GetByLabel("Entry 4 leads to").SelectOptionAsync("profile rescue");
            await Expect(visit.Page.GetByLabel("Entry 4 leads to")).ToBeFocusedAsync();
            await visit.Page.GetByLabel("Words of entry 4").FillAsync("Rescue system");
            foreach (var at in new[] { 3, 2 })
            {
                await visit.Page.Keyboard.PressAsync("Alt+ArrowUp");
                await Expect(visit.Page.GetByLabel($"Words of entry {at}")).ToBeFocusedAsync();
            }
            await visit.Button("Remove iPXE shell").ClickAsync();
            await visit.Toast("iPXE shell is off the menu").GetByRole(AriaRole.Button).ClickAsync();
            await Expect(Entries(visit)).ToHaveCountAsync(4);
            await visit.Page.GetByLabel("Begin with Local disk").CheckAsync();

            var screen = visit.Page.Locator(".screen");
            await Expect(screen.Locator("div")).ToHaveTextAsync(
                ["fleet-workers", "Rescue system", "Local disk(20)", "iPXE shell"]);
            await Expect(screen.Locator("b")).ToHaveTextAsync("Rack 3");
            await visit.ShootAsync("menu");
            await visit.AssertAccessibleAsync("menu");
            await visit.Page.Keyboard.PressAsync("Control+s");
            await Expect(visit.Toast("fleet-workers saved")).ToBeVisibleAsync();
        });
        var script = await ScriptAsync(fleet, Node);
        Assert.Contains("menu Rack 3\nitem p0 fleet-workers\nitem p1 Rescue system\nitem local Local disk\n" +
            "item shell iPXE shell\nchoose --default local --timeout 20000 nb-choice", script,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_menu_that_was_changed_meanwhile_is_shown_in_words_and_the_choice_is_saved()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.ProfileAsync("rescue", WithMenu("local"), Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("412");
            await visit.GoAsync("profiles/rescue");
            await visit.Page.GetByLabel("Words of entry 1").FillAsync("Mine");
            var theirs = await fleet.ProfileAsync("rescue", WithMenu("shell"), Ct);
            // That the page knows of it already makes it no less a conflict.
            await Expect(visit.Page.GetByText($"revision {theirs.GetProperty("revision")}")).ToBeVisibleAsync();
            await visit.Button("Save").ClickAsync();
            await Expect(visit.Dialog).ToContainTextAsync("1. rescue “Mine” (default)");
            await Expect(visit.Dialog).ToContainTextAsync("2. iPXE shell");
            await visit.ShootAsync("conflict");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Save this choice" }).ClickAsync();
            await Expect(visit.Toast("rescue saved")).ToBeVisibleAsync();

            // What is typed after that is kept as well while another page is looked at.
            await visit.Page.GetByLabel("Words of entry 1").FillAsync("Typed on");
            await visit.Page.GetByRole(AriaRole.Navigation, new() { Name = "Breadcrumb" }).GetByRole(AriaRole.Link)
                .ClickAsync();
            await Expect(visit.Heading("Profiles")).ToBeVisibleAsync();
            await visit.Page.GoBackAsync();
            await Expect(visit.Page.GetByLabel("Words of entry 1")).ToHaveValueAsync("Typed on");
        });
        var entries = (await fleet.Api.GetAsync("/profiles/rescue", Ct)).GetProperty("menu").GetProperty("entries");
        Assert.Equal("Mine", entries[0].GetProperty("label").GetString());
        Assert.Equal("local", entries[1].GetProperty("action").GetString());
    }

    [Fact]
    public async Task A_template_typed_while_the_server_is_away_is_saved_once_it_is_back()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("ERR_");
            visit.Expect("Failed to load resource");
            await visit.GoAsync("profiles/rescue");
            await visit.Button("Begin with the built-in script").ClickAsync();
            await Expect(Script(visit)).ToContainTextAsync("boots nixos-26.05");
            await Editor(visit).FillAsync("#!ipxe\n\n\n\n{{ machine.lables.rack }}\n");
            await Expect(Fault(visit)).ToContainTextAsync("Line 5");
            await fleet.Server.StopAsync();
            await Editor(visit).FillAsync("#!ipxe\necho typed in the dark\n");
            await Expect(visit.Page.GetByText("the preview comes when it is back")).ToBeVisibleAsync();
            await Expect(Fault(visit)).ToHaveCountAsync(0); // that of what was typed before
            await fleet.Server.StartAgainAsync(Ct);
            await Expect(Script(visit)).ToContainTextAsync("typed in the dark");
            await visit.Button("Save").ClickAsync();
            await Expect(visit.Toast("rescue saved")).ToBeVisibleAsync();
        });
        Assert.Equal("#!ipxe\necho typed in the dark\n",
            (await fleet.Api.GetAsync("/profiles/rescue", Ct)).GetProperty("template").GetString());
    }

    /// <summary>A fleet in which a node has the profile by name.</summary>
    private static async Task<Fleet> StartAsync()
    {
        var fleet = await Fleet.StartAsync(Ct);
        await fleet.Api.PutAsync("/machines/rack3-node01", new
        {
            macs = new[] { Node }, profile = "fleet-workers", labels = new { rack = "3", role = "worker" },
        }, Ct);
        return fleet;
    }

    private static object WithMenu(string second) => new
    {
        image = "nixos-26.05",
        menu = new
        {
            timeoutSeconds = 10, entries = new object[] { new { profile = "rescue" }, new { action = second } },
        },
    };

    private static ILocator Editor(Visit visit) =>
        visit.Page.GetByRole(AriaRole.Textbox, new() { Name = "Script template" });

    private static ILocator Fault(Visit visit) => visit.Page.Locator("#template-note .error");

    private static ILocator Script(Visit visit) => visit.Page.Locator(".preview .code");

    private static ILocator Entries(Visit visit) => visit.Page.Locator(".entries tbody tr");

    private static Task<string> ScriptAsync(Fleet fleet, string mac) =>
        fleet.Server.Machines.GetStringAsync($"/boot/script?mac={mac}", Ct);

    private static async Task<string?> TemplateAsync(Fleet fleet) =>
        (await fleet.Api.GetAsync("/profiles/fleet-workers", Ct)).TryGetProperty("template", out var template)
            ? template.GetString() : null;
}
