using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Machines in the dashboard: found, approved, changed, also when somebody else changes them.</summary>
[Collection(DashboardCollection.Name)]
public sealed class MachinesTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_discovered_machine_appears_by_itself_and_is_approved_with_a_name_and_a_profile()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines");
            await Expect(visit.Page.GetByText("12 registered, 0 discovered")).ToBeVisibleAsync();
            await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct);
            var row = visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("3c-ec-ef-41-0a-9e") });
            await row.GetByRole(AriaRole.Button, new() { Name = "Approve…" }).ClickAsync();
            await visit.Dialog.GetByLabel("Name").FillAsync("rack9-node01");
            await visit.Dialog.GetByLabel("Profile").SelectOptionAsync("rescue");
            await visit.Dialog.GetByLabel("Labels").FillAsync("rack=9");
            await visit.ShootAsync("approve");
            await visit.AssertAccessibleAsync("approve");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "rack9-node01" })).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("13 registered, 0 discovered")).ToBeVisibleAsync();
        });
        var machine = await fleet.Api.GetAsync("/machines/rack9-node01", Ct);
        Assert.Equal("rescue", machine.GetProperty("profile").GetString());
        Assert.Equal("9", machine.GetProperty("labels").GetProperty("rack").GetString());
        Assert.Null(await fleet.Api.FindAsync("/machines/3c-ec-ef-41-0a-9e", Ct));
    }

    [Fact]
    public async Task Another_selector_shows_at_once_with_the_machines_that_it_matches()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines?q=gpu-a100-02");
            var row = visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("gpu-a100-02") });
            await Expect(row).ToContainTextAsync("gpu-workers");
            await fleet.ProfileAsync("gpu-first",
                new { image = "fleet", selector = new { gpu = "a100" }, priority = 5 }, Ct);
            await Expect(row).ToContainTextAsync("gpu-first");
            (await fleet.Server.Admin.DeleteAsync("/api/v1/profiles/gpu-first", Ct)).EnsureSuccessStatusCode();
            await Expect(row).ToContainTextAsync("gpu-workers");
        });
    }

    [Fact]
    public async Task Before_many_are_approved_it_is_said_what_each_gets_with_the_labels_that_are_typed()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.ProfileAsync("any-qemu", new { image = "fleet", selector = new { platform = "efi" } }, Ct);
        await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines");
            await Expect(visit.Page.GetByText("would match any-qemu")).ToBeVisibleAsync();
            await visit.Button("Approve all that match…").ClickAsync();
            var entry = visit.Dialog.Locator("li");
            await Expect(entry).ToContainTextAsync("any-qemu");
            await visit.Dialog.GetByLabel("Labels").FillAsync("rack=3\ngpu=a100");
            await Expect(entry).ToContainTextAsync("any-qemu");
            await fleet.ProfileAsync("rack-of-gpus",
                new { image = "fleet", selector = new { rack = "3", gpu = "a100" } }, Ct);
            await visit.Dialog.GetByLabel("Labels").FillAsync("gpu=a100\nrack=3");
            await Expect(entry).ToContainTextAsync("rack-of-gpus");
            await visit.Dialog.GetByLabel("Profile").SelectOptionAsync("rescue");
            await Expect(entry).ToContainTextAsync("rescue");
        });
    }

    [Fact]
    public async Task Chosen_machines_are_labelled_at_once_and_undo_takes_it_back()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines?q=gpu");
            await visit.Page.GetByLabel("Select gpu-a100-01").CheckAsync();
            await visit.Page.GetByLabel("Select gpu-a100-03")
                .ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
            await Expect(visit.Page.GetByText("3 selected")).ToBeVisibleAsync();
            await visit.Button("Label…").Last.ClickAsync();
            await visit.Dialog.GetByLabel("Set").FillAsync("room=north");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Change labels" }).ClickAsync();
            await Expect(visit.Page.Locator(".tag", new() { HasText = "room=north" })).ToHaveCountAsync(3);
            await visit.Toast("Labels changed").GetByRole(AriaRole.Button, new() { NameRegex = new("Undo") })
                .ClickAsync();
            await Expect(visit.Page.Locator(".tag", new() { HasText = "room=north" })).ToHaveCountAsync(0);
            await visit.Button("Label…").Last.ClickAsync();
            await visit.Dialog.GetByLabel("Set").FillAsync("gpu=a100");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Change labels" }).ClickAsync();
            await visit.Toast("Labels changed").WaitForAsync();
            await visit.Page.Mouse.MoveAsync(1, 1);
            await Expect(visit.Page.Locator(".toast")).ToHaveCountAsync(0);
        });
        var labels = (await fleet.Api.GetAsync("/machines/gpu-a100-02", Ct)).GetProperty("labels");
        Assert.Equal("""{"gpu":"a100"}""", labels.GetRawText());
    }

    [Fact]
    public async Task A_change_of_many_machines_is_stopped_and_what_was_done_is_said_and_taken_back()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var patches = 0;
            var letGo = new TaskCompletionSource();
            await visit.Page.RouteAsync("**/api/v1/machines/*", async route =>
            {
                if (route.Request.Method == "PATCH" && Interlocked.Increment(ref patches) > 2) await letGo.Task;
                await route.ContinueAsync();
            });
            await visit.GoAsync("machines");
            await visit.Page.GetByLabel("Select all that match").CheckAsync();
            await visit.Button("Label…").Last.ClickAsync();
            await visit.Dialog.GetByLabel("Set").FillAsync("room=north");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Change labels" }).ClickAsync();
            await Until.TrueAsync(() => patches >= 8, "some to be under way");
            await visit.ShootAsync("under-way");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
            letGo.SetResult();
            await Expect(visit.Toast("Labels changed: 8 of 12 machines. Stopped: 4 machines are as before."))
                .ToBeVisibleAsync();
            await Expect(visit.Button("Label…").Last).ToBeFocusedAsync();
            Assert.Equal(8, (await fleet.Api.ListAsync("/machines?label=room%3Dnorth", Ct)).Count);
            Assert.Equal(8, patches);
            await visit.Toast("Labels changed").GetByRole(AriaRole.Button, new() { NameRegex = new("Undo") })
                .ClickAsync();
            await Expect(visit.Toast("Taken back for 8 machines")).ToBeVisibleAsync();
        });
        Assert.Empty(await fleet.Api.ListAsync("/machines?label=room%3Dnorth", Ct));
    }

    [Fact]
    public async Task On_a_phone_a_tap_selects_a_machine_once_they_are_to_be_selected()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var toolbar = visit.Page.GetByRole(AriaRole.Toolbar);
            await visit.GoAsync("machines?q=gpu");
            await visit.Button("Select").TapAsync();
            await Expect(toolbar).ToContainTextAsync("Tap machines");
            foreach (var name in new[] { "gpu-a100-01", "gpu-a100-02", "gpu-a100-03" })
                await visit.Page.Locator("tr", new() { HasText = name }).TapAsync();
            await visit.Page.GetByLabel("Select gpu-a100-02").TapAsync(); // its box as well, once
            await Expect(toolbar).ToContainTextAsync("2 selected");
            await Expect(visit.Page.GetByLabel("Select gpu-a100-01")).ToBeCheckedAsync();
            await Expect(visit.Page.GetByLabel("Select gpu-a100-02")).Not.ToBeCheckedAsync();
            await visit.ShootAsync("selecting", fullPage: false);
            await visit.AssertAccessibleAsync("selecting");
            await toolbar.GetByRole(AriaRole.Button, new() { Name = "Label…" }).TapAsync();
            await visit.Dialog.GetByLabel("Set").FillAsync("room=north");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Change labels" }).TapAsync();
            await Expect(visit.Toast("Labels changed: 2 machines")).ToBeVisibleAsync();
            await visit.Page.GetByLabel("Select gpu-a100-01").FocusAsync();
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(toolbar).ToBeHiddenAsync();
            await Expect(visit.Button("Select")).ToBeFocusedAsync(); // its box is gone
            await visit.Button("Select").TapAsync();
            await visit.Button("Done").TapAsync();
            await Expect(toolbar).ToBeHiddenAsync();
            await visit.GoAsync("machines"); // longer than the screen: the page stays where it is
            await visit.Button("Select").TapAsync();
            await visit.Page.Locator("tr", new() { HasText = "gpu-a100-02" }).TapAsync();
            await visit.Page.EvaluateAsync("scrollTo(0, 150)");
            await toolbar.GetByRole(AriaRole.Button, new() { NameRegex = new("^Clear") }).TapAsync();
            await Expect(toolbar).ToBeHiddenAsync();
            await Expect(visit.Button("Select")).ToBeFocusedAsync();
            Assert.Equal(150, await visit.Page.EvaluateAsync<double>("scrollY"));
            await visit.Page.Locator("tr", new() { HasText = "gpu-a100-02" }).GetByRole(AriaRole.Link).TapAsync();
            await Expect(visit.Heading("gpu-a100-02")).ToBeVisibleAsync();
        }, Screen.Phone);
        var labels = (await fleet.Api.GetAsync("/machines/gpu-a100-03", Ct)).GetProperty("labels");
        Assert.Equal("""{"gpu":"a100","room":"north"}""", labels.GetRawText());
    }

    [Fact]
    public async Task What_is_typed_for_some_machines_is_kept_for_them_alone_until_it_is_cancelled()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var set = visit.Dialog.GetByLabel("Set");
            await visit.GoAsync("machines?q=gpu");
            await visit.Page.GetByLabel("Select gpu-a100-01").CheckAsync();
            await SelectedAsync(1);
            await visit.Button("Label…").Last.ClickAsync();
            await set.FillAsync("room=north");
            await visit.Page.Keyboard.PressAsync("Escape");
            await visit.Page.GetByLabel("Select gpu-a100-02").CheckAsync();
            await SelectedAsync(2);
            await visit.Button("Label…").Last.ClickAsync();
            await Expect(set).ToHaveValueAsync("");
            await visit.Page.Keyboard.PressAsync("Escape");
            await visit.Page.GetByLabel("Select gpu-a100-02").UncheckAsync();
            await SelectedAsync(1);
            await visit.Button("Label…").Last.ClickAsync();
            await Expect(set).ToHaveValueAsync("room=north");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
            await visit.Button("Label…").Last.ClickAsync();
            await Expect(set).ToHaveValueAsync("");

            // Only then is there a button for all of them, after the filter's.
            Task SelectedAsync(int count) => Expect(visit.Page.GetByText($"{count} selected")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Machines_are_filtered_by_state_profile_and_label_and_all_that_match_are_assigned()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.Machine("b8:ce:f6:0a:55:02").AskAsync(Ct);
        await fleet.Machine("3c:ec:ef:41:0a:9e").AskAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var rows = visit.Page.Locator(".machines tbody tr:has(input)");
            await visit.GoAsync("machines");
            await Expect(rows).ToHaveCountAsync(13);
            await visit.Button("1 running").ClickAsync();
            await Expect(rows).ToHaveCountAsync(1);
            await Expect(rows).ToContainTextAsync("gpu-a100-02");
            await visit.Button("1 running").ClickAsync();
            await visit.Page.GetByLabel("Profile", new() { Exact = true }).SelectOptionAsync("gpu-workers");
            await Expect(rows).ToHaveCountAsync(3);
            await visit.Page.GetByLabel("Profile", new() { Exact = true }).SelectOptionAsync("");
            await visit.Button("Label…").ClickAsync();
            await visit.Page.GetByLabel("Label, such as rack=3").FillAsync("rack=3");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(rows).ToHaveCountAsync(8);
            await Expect(visit.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("label=rack"));

            await visit.Page.GetByLabel("Select all that match").CheckAsync();
            await Expect(visit.Page.GetByText("8 selected")).ToBeVisibleAsync();
            await visit.Button("Assign profile…").ClickAsync();
            await visit.Dialog.GetByLabel("Profile").SelectOptionAsync("rescue");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Assign" }).ClickAsync();
            await Expect(visit.Toast("Profile rescue: 8 machines")).ToBeVisibleAsync();
            await Expect(rows.Filter(new() { HasText = "rescue" })).ToHaveCountAsync(8);
        });
        var machine = await fleet.Api.GetAsync("/machines/rack3-node05", Ct);
        Assert.Equal("rescue", machine.GetProperty("profile").GetString());
    }

    [Fact]
    public async Task Deleting_asks_first_and_says_what_goes()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("404"); // its page may hear that it is gone before it is left, and look
            await visit.GoAsync("machines/gpu-a100-03");
            foreach (var answer in new[] { "Keep it", "Delete machine" })
            {
                await visit.Button("More actions").ClickAsync();
                await visit.Page.GetByText("Delete…").ClickAsync();
                await Expect(visit.Dialog).ToContainTextAsync("loses its labels, profile and notes");
                Assert.NotNull(await fleet.Api.FindAsync("/machines/gpu-a100-03", Ct));
                await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = answer }).ClickAsync();
            }
            await Expect(visit.Toast("Deleted gpu-a100-03")).ToBeVisibleAsync();
        });
        Assert.Null(await fleet.Api.FindAsync("/machines/gpu-a100-03", Ct));
    }

    [Fact]
    public async Task An_edit_that_meets_a_change_by_somebody_else_shows_both_and_saves_the_choice()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("412");
            await visit.GoAsync("machines/gpu-a100-01");
            await visit.Button("Edit").ClickAsync();
            await visit.Dialog.GetByLabel("Notes").FillAsync("mine");
            await visit.Dialog.GetByLabel("Kernel arguments").FillAsync("hugepages=64");
            await fleet.Api.PutAsync("/machines/gpu-a100-01", new
            {
                macs = new[] { "b8:ce:f6:0a:55:01" }, labels = new { gpu = "a100", added = "meanwhile" },
                notes = "theirs", kernelArguments = new[] { "hugepages=128" },
            }, Ct);
            await visit.Button("Save").ClickAsync();
            var conflict = visit.Page.GetByRole(AriaRole.Dialog,
                new() { NameRegex = new("changed while you were editing") });
            await Expect(conflict.GetByText("hugepages=128")).ToBeVisibleAsync();
            await visit.ShootAsync("conflict");
            await visit.AssertAccessibleAsync("conflict");
            await conflict.GetByRole(AriaRole.Row, new() { NameRegex = new("^kernel arguments") })
                .GetByRole(AriaRole.Radio).First.CheckAsync();
            await conflict.GetByRole(AriaRole.Button, new() { Name = "Save this choice" }).ClickAsync();
            await Expect(visit.Toast("gpu-a100-01 saved")).ToBeVisibleAsync();
        });
        var machine = await fleet.Api.GetAsync("/machines/gpu-a100-01", Ct);
        Assert.Equal("mine", machine.GetProperty("notes").GetString());
        Assert.Equal("hugepages=128", machine.GetProperty("kernelArguments")[0].GetString());
        Assert.Equal("meanwhile", machine.GetProperty("labels").GetProperty("added").GetString());
    }

    [Fact]
    public async Task A_refused_value_is_explained_at_its_field_and_nothing_typed_is_lost()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            await visit.GoAsync("machines?add");
            await visit.Dialog.GetByLabel("Name").FillAsync("New one");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add machine" }).ClickAsync();
            await Expect(visit.Dialog.Locator(".error")).ToContainTextAsync("Lower-case letters");
            await visit.Dialog.GetByLabel("Name").FillAsync("new-one");
            await visit.Dialog.GetByLabel("MAC addresses").FillAsync("3c:ec:ef:41:02");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add machine" }).ClickAsync();
            await Expect(visit.Dialog.Locator(".error")).ToContainTextAsync("3c:ec:ef:41:02");
            await Expect(visit.Dialog.GetByLabel("MAC addresses")).ToHaveAttributeAsync("aria-invalid", "true");
            await visit.Dialog.GetByLabel("MAC addresses").FillAsync("3c:ec:ef:41:02:44");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add machine" }).ClickAsync();
            await Expect(visit.Heading("new-one")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Next_boot_is_set_and_taken_back_on_the_machines_page()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/gpu-a100-01");
            await visit.Page.GetByLabel("Profile for one boot").SelectOptionAsync("rescue");
            await visit.Button("Boot once").ClickAsync();
            await Expect(visit.Page.GetByText("rescue, once.")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("This holds for one boot only.")).ToBeVisibleAsync();
            await visit.Button("Take back").ClickAsync();
            await Expect(visit.Page.GetByText("as always")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Everything_is_within_reach_of_the_keyboard()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines"); // once, so that it comes soon the second time
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "gpu-a100-01" })).ToBeVisibleAsync();
            await visit.Page.Keyboard.PressAsync("Control+k");
            await visit.Page.Keyboard.TypeAsync("a100-02");
            await Expect(visit.Page.GetByRole(AriaRole.Option, new() { NameRegex = new("^gpu-a100-02") }))
                .ToBeVisibleAsync();
            await visit.AssertAccessibleAsync("palette");
            await visit.ShootAsync("palette");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Heading("gpu-a100-02")).ToBeVisibleAsync();
            await visit.Page.Keyboard.TypeAsync("gmjjx"); // faster than the page comes
            await Expect(visit.Page.GetByText("1 selected")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByLabel("Select gpu-a100-01")).ToBeCheckedAsync();
            await visit.Page.Keyboard.PressAsync("Escape");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Heading("gpu-a100-01")).ToBeVisibleAsync();
            await visit.Page.Keyboard.PressAsync("e");
            await Expect(visit.Dialog).ToBeVisibleAsync();
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(visit.Dialog).ToBeHiddenAsync();
            await visit.Page.Keyboard.PressAsync("?");
            await Expect(visit.Dialog).ToContainTextAsync("this list");
        });
    }
}
