using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Menus, templates and held images in both themes, on a desk and on a phone.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ScriptLooksTests(Browser browser)
{
    private const string Template = """
        #!ipxe
        # {{ machine.name }}, {{ profile }}
        {{ begin }}
        echo {{ machine.name }} boots {{ image }}
        {{ if machine.labels.gpu == "a100" }}
        echo GPUs need a moment
        sleep 2
        {{ end }}
        {{ load }}
        {{ failed }}

        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Screens => LooksTests.Screens;

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task A_menu_a_template_its_fault_and_a_held_image_are_accessible_and_fit_the_screen(string name)
    {
        var screen = new[] { Screen.Desk, Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.First(screen =>
            screen.Name == name);
        await using var fleet = await Fleet.StartAsync(Ct);
        await FurnishAsync(fleet);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("profiles/install");
            await Expect(visit.Page.Locator(".screen")).ToContainTextAsync("Install NixOS");
            await LookAsync(visit, "menu");
            await visit.GoAsync("profiles/gpu-workers");
            await Expect(visit.Page.Locator(".preview")).ToContainTextAsync("GPUs need a moment");
            await LookAsync(visit, "template");
            var editor = visit.Page.GetByRole(AriaRole.Textbox, new() { Name = "Script template" });
            await editor.FillAsync(Template.Replace("labels", "lables", StringComparison.Ordinal));
            await Expect(visit.Page.GetByText("Did you mean")).ToBeVisibleAsync();
            await visit.Page.GetByText("What a template can use").ClickAsync();
            await LookAsync(visit, "template-fault");
            await visit.GoAsync("images/fleet");
            await Expect(visit.Page.GetByText("until the NIC regression is fixed")).ToBeVisibleAsync();
            await LookAsync(visit, "image-held");
        }, screen);
    }

    private static async Task LookAsync(Visit visit, string what)
    {
        await visit.Page.EvaluateAsync("scrollTo(0, 0)");
        await visit.ShootAsync(what);
        await visit.AssertAccessibleAsync(what);
        var overflow = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
        Assert.True(overflow <= 0, $"{what} is {overflow} px wider than the screen");
    }

    private static async Task FurnishAsync(Fleet fleet)
    {
        await fleet.ProfileAsync("gpu-workers", new
        {
            image = "nixos-26.05", selector = new { gpu = "a100" }, template = Template,
            kernelArguments = new[] { "console=ttyS1,115200n8", "hugepages=64", "intel_iommu=on", "iommu=pt" },
        }, Ct);
        await fleet.ProfileAsync("install", new
        {
            image = "nixos-26.05", after = "local", menu = new
            {
                title = "Lab: what shall it be?", timeoutSeconds = 15, @default = "local", entries = new object[]
                {
                    new { profile = "install", label = "Install NixOS 26.05" }, new { profile = "rescue" },
                    new { action = "local" }, new { action = "shell" },
                },
            },
        }, Ct);
        var versions = await fleet.Api.ListAsync("/images/fleet/versions", Ct);
        await fleet.Api.PutAsync("/images/fleet/current", new
        {
            version = versions[1].GetProperty("id").GetString(), reason = "until the NIC regression is fixed",
        }, Ct);
    }
}
