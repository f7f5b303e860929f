using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NetbootServer.EndToEnd.Images;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>The guide that leads from an empty server to a machine that boots.</summary>
[Collection(DashboardCollection.Name)]
public sealed class FirstRunTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_guide_leads_from_an_empty_server_to_a_machine_that_boots()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await Expect(visit.Heading("Boot your first machine")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("Waiting for the first machine")).ToBeVisibleAsync();
            var snippet = visit.Page.GetByRole(AriaRole.Tabpanel);
            var script = new Uri(fleet.Server.Url, "boot.ipxe").ToString();
            await Expect(snippet).ToContainTextAsync($"dhcp-boot=tag:ipxe,{script}");
            foreach (var tab in new[] { "dnsmasq beside another DHCP", "Kea", "ISC dhcpd", "MikroTik", "OPNsense" })
            {
                await visit.Page.GetByRole(AriaRole.Tab, new() { Name = tab }).ClickAsync();
                await Expect(snippet).ToContainTextAsync(script);
            }
            await visit.ShootAsync("guide");
            await visit.AssertAccessibleAsync("guide");

            await visit.Button("Add image…").ClickAsync();
            await visit.ChooseKindAsync("Upload");
            await visit.Dialog.GetByLabel("Name").FillAsync("nixos");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
            await Expect(visit.Dialog).ToBeHiddenAsync();
            await fleet.UploadAsync("nixos", 1, 2, Ct);
            await Expect(visit.Page.GetByText("nixos is ready")).ToBeVisibleAsync();
            var machine = await fleet.Machine("52:54:00:12:34:56").AskAsync(Ct);
            await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "52-54-00-12-34-56" })).ToBeVisibleAsync();
            await visit.Button("Approve…").ClickAsync();
            await visit.Dialog.GetByLabel("Name").FillAsync("first");
            await Expect(visit.Dialog.GetByLabel("Profile").Locator("option:checked"))
                .ToHaveTextAsync("New profile: boots nixos");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
            await Expect(visit.Toast("first approved")).ToBeVisibleAsync();
            await machine.AskAsync(Ct);
            var row = visit.Page.Locator(".guide .boots li");
            await Expect(row.GetByRole(AriaRole.Link, new() { Name = "first" })).ToBeVisibleAsync();
            await (await machine.LoadAsync(Ct)).ReadyAsync(Ct);
            await machine.UpAsync(Ct);
            await Expect(visit.Page.GetByText("It booted over the network, all the way.")).ToBeVisibleAsync();
            await visit.ShootAsync("guide-end");
            await visit.AssertAccessibleAsync("guide-end");
            await visit.Button("To the overview").ClickAsync();
            await Expect(visit.Page.GetByText("Boots in progress")).ToBeVisibleAsync();
        });
        var first = await fleet.Api.GetAsync("/machines/first", Ct);
        Assert.Equal("nixos", first.GetProperty("profile").GetString());
    }

    [Fact]
    public async Task While_the_first_image_is_fetched_a_bar_shows_how_far_it_is()
    {
        const int bytes = 24 << 20;
        var folder = Directory.CreateTempSubdirectory("netboot-release-");
        try
        {
            RefreshRig.WriteRelease(folder.FullName, bytes, seed: 7);
            await using var host = await FileHost.StartAsync(folder.FullName, Ct);
            var held = host.Hold("/initrd-x86_64-linux", bytes / 2);
            await using var fleet = await Fleet.EmptyAsync(Ct);
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                await visit.Button("Add image…").ClickAsync();
                await visit.ChooseKindAsync("NixOS release");
                await visit.Dialog.GetByLabel("Name").FillAsync("nixos");
                await visit.Dialog.GetByLabel("Folder of the release").FillAsync(host.Url);
                await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
                await Expect(visit.Page.GetByText("It is being downloaded.")).ToBeVisibleAsync();
                var bar = visit.Page.Locator(".guide progress");
                await Expect(bar).ToHaveAttributeAsync("value", new Regex("[1-9]"));
                await Expect(visit.Page.Locator(".guide")).ToContainTextAsync(new Regex(@"\d of 25\.\d MiB"));
                await visit.ShootAsync("fetching");
                await visit.AssertAccessibleAsync("fetching");
                held.LetGo();
                await Expect(visit.Page.GetByText("nixos is ready")).ToBeVisibleAsync();
                await visit.ShootAsync("fetched");
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
