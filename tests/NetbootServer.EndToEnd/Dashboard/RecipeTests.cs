using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>What a machine loads of a version, as a picture on the image's page.</summary>
[Collection(DashboardCollection.Name)]
public sealed class RecipeTests(Browser browser)
{
    private static readonly Screen[] Screens =
    [
        new("tablet-dark", 1024, 800, ColorScheme.Dark), new("phone-light", 390, 800, ColorScheme.Light),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_recipe_is_drawn_in_the_order_in_which_machines_load_it()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.Api.PutAsync("/images/arch", new { source = new { type = "upload" } }, Ct);
        await UploadAsync(fleet, seed: 1);
        var version = await UploadAsync(fleet, seed: 2);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/arch");
            var loaded = visit.Page.GetByRole(AriaRole.List, new() { Name = "Loaded in this order" });
            await Expect(loaded.GetByRole(AriaRole.Listitem)).ToContainTextAsync(
                ["EFI program4.0 KiB", "Initrd 12.0 MiB", "Initrd 23.0 MiB", "Machine’s overlay", "Shim4.0 KiB"]);
            await Expect(loaded.GetByRole(AriaRole.Listitem).First).ToContainTextAsync("Kernel1.0 MiB");
            await Expect(loaded.GetByRole(AriaRole.Listitem).Nth(1)).ToContainTextAsync("intel-ucode.img");
            await Expect(visit.Page.GetByText("5.0 MiB on UEFI, 6.0 MiB on BIOS")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByRole(AriaRole.List, new() { Name = "Fetched after boot" }))
                .ToContainTextAsync("airootfs.sfs4.0 MiB");
            await Expect(visit.Page.Locator(".code mark")).ToHaveTextAsync("{{server}}");

            await CopyAsync(visit, "SHA-256 of Initrd 2");
            var initrd = version.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrds")[1];
            Assert.Equal(initrd.GetProperty("sha256").GetString(), await CopiedAsync(visit));
            await CopyAsync(visit, "URL of Initrd 2");
            Assert.Equal(new Uri(fleet.Server.Url, initrd.GetProperty("url").GetString()).ToString(),
                await CopiedAsync(visit));

            await visit.Page.GetByLabel("Version", new() { Exact = true }).SelectOptionAsync(await OldestAsync(fleet));
            await Expect(visit.Page.Locator(".code").GetByText("seed=1")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Variants_and_systems_are_chosen_and_what_starts_on_UEFI_only_says_so_on_every_screen()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.Api.PutAsync("/images/arch", new { source = new { type = "upload" } }, Ct);
        await UploadAsync(fleet, seed: 3);
        foreach (var screen in Screens)
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                // An upload has no variants; builds of fleets have.
                await visit.Page.RouteAsync("**/images/arch/versions", async route =>
                {
                    var answer = await route.FetchAsync();
                    await route.FulfillAsync(new() { Response = answer, Body = WithVariant(await answer.TextAsync()) });
                });
                await visit.GoAsync("images/arch");
                await visit.Page.GetByLabel("System", new() { Exact = true })
                    .SelectOptionAsync("x86_64-linux/web-1");
                await Expect(visit.Page.GetByText("UEFI only; a BIOS machine")).ToBeVisibleAsync();
                await Expect(visit.Page.GetByText("Verifies the kernel")).ToBeHiddenAsync();
                await visit.Page.GetByLabel("System", new() { Exact = true }).SelectOptionAsync("x86_64-linux");
                await Expect(visit.Heading("Fetched after boot")).ToBeVisibleAsync();
                await visit.ShootAsync($"recipe-{screen.Name}");
                await visit.AssertAccessibleAsync(screen.Name);
                Assert.Equal(0, await visit.Page.EvaluateAsync<int>(
                    "document.documentElement.scrollWidth - innerWidth"));
            }, screen);
    }

    private static Task<JsonElement> UploadAsync(Fleet fleet, int seed) => fleet.UploadAsync("arch",
        $"seed={seed} archiso_http_srv={{{{server}}}}",
        [
            ("kernel", BootBytes.Kernel(seed, 1 << 20), "vmlinuz-linux"), ("efi", BootFiles.Efi(seed), "arch.efi"),
            ("shim", BootFiles.Efi(seed + 1), "shimx64.efi"),
            ("initrd", BootBytes.Initrd(seed, 2 << 20), "intel-ucode.img"),
            ("initrd", BootBytes.Initrd(seed + 1, 3 << 20), "initramfs-linux.img"),
            ("files/airootfs.sfs", BootFiles.Noise(4 << 20, seed), "airootfs.sfs"),
        ], Ct);

    private static async Task<string> OldestAsync(Fleet fleet) =>
        (await fleet.Api.ListAsync("/images/arch/versions", Ct))[^1].GetProperty("id").GetString()!;

    private static string WithVariant(string json)
    {
        var list = JsonNode.Parse(json)!;
        var system = list["items"]![0]!["systems"]!["x86_64-linux"]!;
        system["variants"] = new JsonObject
        {
            ["web-1"] = new JsonObject
            {
                ["efi"] = system["efi"]!.DeepClone(), ["initrds"] = new JsonArray(),
                ["kernelArguments"] = new JsonArray("init=/nix/store/web-1/init"),
            },
        };
        return list.ToJsonString();
    }

    private static Task CopyAsync(Visit visit, string name) => visit.Button(name).ClickAsync();

    /// <summary>What the page gave to the clipboard, which another page reads by pasting.</summary>
    private static async Task<string> CopiedAsync(Visit visit)
    {
        await Expect(visit.Button("Copied")).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Control+k");
        await visit.Dialog.GetByRole(AriaRole.Combobox).PressAsync("Control+v");
        var text = await visit.Dialog.GetByRole(AriaRole.Combobox).InputValueAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(visit.Button("Copied")).ToBeHiddenAsync();
        return text;
    }
}
