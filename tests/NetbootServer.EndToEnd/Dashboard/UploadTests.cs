using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Uploading several files: dropped, recognised, changed, refused, sent.</summary>
[Collection(DashboardCollection.Name)]
public sealed class UploadTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dropped_files_are_recognised_and_shown_before_they_are_sent()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.Api.PutAsync("/images/alpine", new { source = new { type = "upload" } }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/alpine");
            await Expect(visit.Button("Upload version…")).ToBeVisibleAsync();
            await DropAsync(visit, ("README.txt", "A text."u8.ToArray()), ("modloop-lts", Squashfs()),
                ("initramfs-lts", BootBytes.Initrd(1, 1 << 20)), ("vmlinuz-lts", BootBytes.Kernel(1, 1 << 20)));
            await Expect(visit.Dialog.GetByText("Recognised: Alpine")).ToBeVisibleAsync();
            await Expect(visit.Dialog.GetByLabel("What vmlinuz-lts is")).ToHaveValueAsync("kernel");
            await Expect(visit.Dialog.GetByLabel("What initramfs-lts is")).ToHaveValueAsync("initrd");
            await Expect(visit.Dialog.GetByLabel("What modloop-lts is")).ToHaveValueAsync("files");
            await Expect(visit.Dialog.GetByLabel("What README.txt is")).ToHaveValueAsync("");
            await Expect(visit.Dialog.GetByLabel("Kernel arguments")).ToHaveValueAsync(
                new System.Text.RegularExpressions.Regex("modloop="));
            await visit.ShootAsync("recognised");
            await visit.AssertAccessibleAsync("recognised");
            await visit.Dialog.GetByLabel("Kernel arguments").FillAsync("ip=dhcp\nquiet");
            await visit.Dialog.GetByLabel("Name under which modloop-lts is served").FillAsync("modules");
            await Submit(visit).ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.List, new() { Name = "Fetched after boot" }))
                .ToContainTextAsync("modules");
        });
        var version = Assert.Single(await fleet.Api.ListAsync("/images/alpine/versions", Ct));
        var system = version.GetProperty("systems").GetProperty("x86_64-linux");
        Assert.Equal(1 << 20, system.GetProperty("kernel").GetProperty("sizeBytes").GetInt64());
        Assert.Equal(["modules"], system.GetProperty("files").EnumerateObject().Select(file => file.Name));
        Assert.Equal(["ip=dhcp", "quiet"],
            system.GetProperty("kernelArguments").EnumerateArray().Select(argument => argument.GetString()));
    }

    [Fact]
    public async Task What_is_missing_or_twice_is_said_and_a_stopped_upload_keeps_the_choice()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.Api.PutAsync("/images/tiny", new { source = new { type = "upload" } }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/tiny");
            await visit.Button("Upload version…").ClickAsync();
            await visit.Dialog.GetByLabel("Choose files…").SetInputFilesAsync([
                Payload("one.bin", BootBytes.Initrd(1, 4096)), Payload("two.bin", BootBytes.Initrd(2, 8192)),
                Payload("kernel.bin", BootBytes.Kernel(1, 1 << 20))]);
            foreach (var name in new[] { "one.bin", "two.bin" })
                await visit.Dialog.GetByLabel($"What {name} is").SelectOptionAsync("initrd");
            await visit.Dialog.GetByLabel("What kernel.bin is").SelectOptionAsync("");
            await Expect(visit.Dialog.GetByText("neither a kernel nor an EFI program")).ToBeVisibleAsync();
            await visit.Dialog.GetByLabel("What kernel.bin is").SelectOptionAsync("kernel");
            await visit.Dialog.GetByLabel("What two.bin is").SelectOptionAsync("kernel");
            await Expect(visit.Dialog.Locator(".error")).ToContainTextAsync("is that already");
            await visit.Dialog.GetByLabel("What two.bin is").SelectOptionAsync("initrd");
            // The second becomes the first; the focus stays with it.
            while (await visit.Dialog.Locator("tbody tr").First.GetByText("two.bin").CountAsync() == 0)
                await visit.Button("Move two.bin up").PressAsync("Enter");
            await Expect(visit.Button("Move two.bin up")).ToBeFocusedAsync();

            // The server is asked, but its answer does not come: the upload is stopped.
            await visit.Page.RouteAsync("**/images/tiny/versions", route => route.Request.Method == "POST"
                ? Task.CompletedTask : route.ContinueAsync());
            await Submit(visit).ClickAsync();
            await visit.Button("Stop").ClickAsync();
            await Expect(Submit(visit)).ToBeEnabledAsync();
            await Expect(visit.Dialog.GetByLabel("What kernel.bin is")).ToHaveValueAsync("kernel");
            await visit.Page.UnrouteAllAsync();
            await Submit(visit).ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("current") })).ToBeVisibleAsync();
        });
        var version = Assert.Single(await fleet.Api.ListAsync("/images/tiny/versions", Ct));
        Assert.Equal([8192, 4096], version.GetProperty("systems").GetProperty("x86_64-linux").GetProperty("initrds")
            .EnumerateArray().Select(initrd => initrd.GetProperty("sizeBytes").GetInt32()));
    }

    private static ILocator Submit(Visit visit) =>
        visit.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Upload") });

    private static FilePayload Payload(string name, byte[] bytes) =>
        new() { Name = name, MimeType = "application/octet-stream", Buffer = bytes };

    private static byte[] Squashfs()
    {
        var bytes = BootFiles.Noise(1 << 20, 5);
        "hsqs"u8.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Drops files on the page, as from a file manager.</summary>
    private static Task DropAsync(Visit visit, params (string Name, byte[] Bytes)[] files) =>
        visit.Page.EvaluateAsync("""
            files => {
              const transfer = new DataTransfer();
              for (const { name, text } of files)
                transfer.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name));
              for (const type of ['dragover', 'drop'])
                document.querySelector('main').dispatchEvent(
                  new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }
            """, files.Select(file => new { name = file.Name, text = Convert.ToBase64String(file.Bytes) }));
}
