using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>What files of the inventory declare is shown with the file's name, and not changed here.</summary>
[Collection(DashboardCollection.Name)]
public sealed class InventoryTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_of_what_a_file_declares_name_it_and_offer_no_change()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-inventory-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "rack.yaml"), """
                images: {declared: {source: {type: upload}}}
                profiles: {declared: {image: declared}}
                machines: {declared: {macs: ["52:54:00:12:34:56"], profile: declared}}
                """, Ct);
            await using var server = await ServerProcess.StartAsync(
                ServerSetup.With(("Inventory:Directory", folder.FullName)), Ct);
            await new AdminClient(server.Admin).WaitForAsync("/machines/declared", _ => true,
                TimeSpan.FromSeconds(60), Ct);
            await browser.VisitAsync(server, async visit =>
            {
                foreach (var kind in new[] { "machines", "profiles", "images" })
                {
                    await visit.GoAsync($"{kind}/declared");
                    await Expect(visit.Page.GetByText("Declared by the file rack.yaml of the inventory"))
                        .ToBeVisibleAsync();
                    foreach (var name in new[] { "Edit", "Save" })
                        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }))
                            .ToHaveCountAsync(0);
                    await visit.AssertAccessibleAsync($"inventory-{kind}");
                }
                await visit.GoAsync("profiles/declared");
                await Expect(visit.Page.GetByLabel("Selector: all of these labels")).ToBeDisabledAsync();
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
