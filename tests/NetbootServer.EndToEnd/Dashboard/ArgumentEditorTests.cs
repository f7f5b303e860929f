using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Kernel arguments in forms: placeholders are completed; their values and faults are shown.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ArgumentEditorTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Placeholders_are_completed_by_keyboard_and_mouse_and_rendered_beside()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.UploadAsync("fleet", 1, 1, Ct);
        await fleet.ProfileAsync("workers", new { image = "fleet", selector = new { role = "worker" } }, Ct);
        await fleet.MachineAsync("node-1", "02:00:00:00:00:01", new { role = "worker", row = "7" }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/node-1?edit");
            var (area, rendered) = Editor(visit.Dialog);
            await area.PressSequentiallyAsync("name={{ machine");
            var list = visit.Dialog.GetByRole(AriaRole.Listbox, new() { Name = "Placeholders" });
            await Expect(list.GetByRole(AriaRole.Option)).ToHaveCountAsync(2);
            await visit.Page.Keyboard.PressAsync("ArrowDown");
            await visit.ShootAsync("completion");
            await visit.AssertAccessibleAsync("completion");
            await visit.Page.Keyboard.PressAsync("Enter");
            await visit.Page.Keyboard.TypeAsync("row"); // in the place of the example
            await Expect(area).ToHaveValueAsync("name={{ machine.labels.row }}");
            await Expect(rendered).ToHaveTextAsync(["name=7"]);

            await visit.Page.Keyboard.PressAsync("End");
            await visit.Page.Keyboard.TypeAsync("\nBOOTIF=01-{{");
            await list.GetByRole(AriaRole.Option, new() { NameRegex = new("net.mac") }).ClickAsync();
            await Expect(area).ToHaveValueAsync("name={{ machine.labels.row }}\nBOOTIF=01-{{ net.mac }}");
            await Expect(visit.Dialog.GetByText(new Regex(@"\d of 2,047 bytes")).First).ToBeVisibleAsync();

            await visit.Page.Keyboard.TypeAsync("\nroot={{ ");
            await visit.Page.Keyboard.PressAsync("Escape"); // closes the list, not the dialog
            await Expect(list).ToBeHiddenAsync();
            await visit.Page.Keyboard.TypeAsync("net.ipp }}");
            await Expect(rendered.Nth(2)).ToContainTextAsync("which is no placeholder");
            await visit.ShootAsync("fault");
            await visit.AssertAccessibleAsync("fault");
            visit.Expect("422");
            await visit.Button("Save").ClickAsync();
            await Expect(area).ToHaveAttributeAsync("aria-invalid", "true");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "root={{ net.ipp }}" }).ClickAsync();
            await visit.Page.Keyboard.TypeAsync("quiet"); // what is at fault was selected
            await visit.Button("Save").ClickAsync();
            await Expect(visit.Toast("node-1 saved")).ToBeVisibleAsync();
        });
        Assert.Equal(["name={{ machine.labels.row }}", "BOOTIF=01-{{ net.mac }}", "quiet"],
            (await fleet.Api.GetAsync("/machines/node-1", Ct)).GetProperty("kernelArguments").EnumerateArray()
                .Select(argument => argument.GetString()));
    }

    [Fact]
    public async Task A_profiles_line_is_counted_with_values_in_the_place_of_placeholders()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.UploadAsync("fleet", 1, 1, Ct);
        await fleet.ProfileAsync("workers", new { image = "fleet", kernelArguments = new[] { "a={{ server }}" } }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("profiles/workers");
            var (area, rendered) = Editor(visit.Page.Locator("main"));
            await Expect(rendered).ToHaveTextAsync([$"a={fleet.Server.Url.GetLeftPart(UriPartial.Authority)}"]);
            await visit.Page.GetByText("Placeholders", new() { Exact = true }).ClickAsync();
            await area.FillAsync("");
            await visit.Page.GetByRole(AriaRole.Button, new() { Name = "{{ boot }}", Exact = true }).ClickAsync();
            await Expect(area).ToHaveValueAsync("{{ boot }}");
            await area.FillAsync(string.Join('\n', Enumerable.Repeat("a={{ boot }}", 30))); // some 100 bytes each
            await Expect(visit.Page.GetByText("The kernel would cut it")).ToBeVisibleAsync();
            await visit.ShootAsync("profile");
            await visit.AssertAccessibleAsync("profile");
            await area.FillAsync("quiet");
            await Expect(visit.Page.GetByText("The kernel would cut it")).ToBeHiddenAsync();
            await visit.Button("Discard").ClickAsync();
        }, new Screen("tablet-light", 1024, 800, ColorScheme.Light));
    }

    private static (ILocator Area, ILocator Rendered) Editor(ILocator of) =>
        (of.GetByLabel("Kernel arguments", new() { Exact = true }),
            of.GetByRole(AriaRole.List, new() { Name = "Arguments as they are rendered" })
                .GetByRole(AriaRole.Listitem));
}
