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
    public async Task A_known_system_is_added_with_what_it_needs_in_sight()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct, ("Images:AllowedSources", "http://127.0.0.1:9/"));
        var folder = Directory.CreateDirectory(Path.Combine(fleet.Server.DataDirectory, "images.d")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "ours.yaml"), """
            title: Our rescue system
            description: Starts on every machine of ours.
            systems: [x86_64-linux, aarch64-linux]
            firmware: [efi]
            memoryBytes: 1073741824
            downloadBytes: 104857600
            source:
              type: url
              files:
                - role: kernel
                  url: http://127.0.0.1:9/{arch}/vmlinuz
                - role: initrd
                  url: http://127.0.0.1:9/{arch}/initrd
              kernelArguments: [quiet]
            facts:
              page: our wiki
              date: "2026-11-30"
            tried: true
            """, Ct);
        await fleet.Api.PutAsync("/images/ours", new { source = new { type = "upload" } }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images?add=");
            var known = visit.Dialog.GetByRole(AriaRole.List, new() { Name = "Known systems" });
            await Expect(known.GetByRole(AriaRole.Button, new() { NameRegex = new("^Alpine Linux") }))
                .ToBeVisibleAsync();
            var ours = known.GetByRole(AriaRole.Button, new() { NameRegex = new("^Our rescue") });
            await Expect(ours).ToContainTextAsync("100.0 MiB · needs 1.00 GiB of memory · UEFI");
            await Expect(ours).ToContainTextAsync("yours");
            await visit.ShootAsync("gallery");
            await visit.AssertAccessibleAsync("gallery");
            await ours.PressAsync("Enter");
            await Expect(visit.Dialog.GetByText("our wiki, 2026-11-30")).ToBeVisibleAsync();
            await Expect(visit.Dialog.GetByLabel("Name")).ToHaveValueAsync("ours-2"); // there is one of that name
            await visit.Dialog.GetByLabel("Kernel arguments", new() { Exact = true }).FillAsync("quiet\nconsole=ttyS0");
            await visit.ShootAsync("preset");
            await visit.AssertAccessibleAsync("preset");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
            await Expect(visit.Toast("its first version is being fetched")).ToBeVisibleAsync();
            await Expect(visit.Heading("ours-2")).ToBeVisibleAsync();
        }, new Screen("phone-light", 390, 800, ColorScheme.Light));
        var image = await fleet.Api.GetAsync("/images/ours-2", Ct);
        Assert.Equal(["x86_64-linux"], Texts(image.GetProperty("systems")));
        Assert.Equal(["quiet", "console=ttyS0"], Texts(image.GetProperty("source").GetProperty("kernelArguments")));
        Assert.NotEmpty(await fleet.Api.ListAsync("/jobs?image=ours-2", Ct));
    }

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
