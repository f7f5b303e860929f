using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Adding an image: a known system, or files at URLs.</summary>
[Collection(DashboardCollection.Name)]
public sealed class AddImageTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_at_URLs_are_given_by_role_and_faults_stand_at_their_fields()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            await visit.GoAsync("images?add=");
            await visit.ChooseKindAsync("From URLs");
            await visit.Dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("mine");
            await visit.Dialog.GetByLabel("URL").First.FillAsync("http://127.0.0.1:9/{version}/vmlinuz");
            await visit.Dialog.GetByLabel("URL").Nth(1).FillAsync("nonsense");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
            await Expect(visit.Dialog.GetByLabel("URL").Nth(1)).ToHaveAttributeAsync("aria-invalid", "true");
            await visit.Dialog.GetByLabel("URL").Nth(1).FillAsync("http://127.0.0.1:9/{version}/initrd");
            await visit.Button("Add a file").ClickAsync();
            await visit.Dialog.GetByLabel("Role").Nth(2).SelectOptionAsync("files");
            await visit.Dialog.GetByLabel("Name", new() { Exact = true }).Nth(1).FillAsync("rootfs");
            await visit.Dialog.GetByLabel("URL").Nth(2).FillAsync("http://127.0.0.1:9/{version}/rootfs");
            await visit.Dialog.GetByLabel("Sums file").FillAsync("http://127.0.0.1:9/{version}/SHA256SUMS");
            await visit.Dialog.GetByLabel("Newest version from").FillAsync("http://127.0.0.1:9/");
            await visit.Dialog.GetByLabel("Pattern of a version").FillAsync("v([0-9.]+)/");
            await visit.Dialog.GetByLabel("Kernel arguments", new() { Exact = true })
                .FillAsync("root={{ file \"rootfs\" }}");
            await visit.ShootAsync("url");
            await visit.AssertAccessibleAsync("url");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
            await Expect(visit.Heading("mine")).ToBeVisibleAsync();
        });
        var source = (await fleet.Api.GetAsync("/images/mine", Ct)).GetProperty("source");
        Assert.Equal(["kernel", "initrd", "files"],
            source.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("role").GetString()));
        Assert.Equal("rootfs", source.GetProperty("files")[2].GetProperty("name").GetString());
        Assert.Equal("v([0-9.]+)/", source.GetProperty("versionFrom").GetProperty("pattern").GetString());
        Assert.Equal(["root={{ file \"rootfs\" }}"], Texts(source.GetProperty("kernelArguments")));
    }

    private static IEnumerable<string?> Texts(JsonElement list) =>
        list.EnumerateArray().Select(item => item.GetString());
}
