using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NetbootServer.EndToEnd.Images;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Images in the dashboard: uploaded, promoted, rolled back, and the profiles that boot them.</summary>
[Collection(DashboardCollection.Name)]
public sealed class ImagesTests(Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rolling_back_holds_the_older_version_until_it_is_let_move()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        var versions = await fleet.Api.ListAsync("/images/fleet/versions", Ct);
        var (newest, oldest) = (Id(versions[0]), Id(versions[1]));
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/fleet");
            await visit.Button("Roll back").ClickAsync();
            await Expect(visit.Page.GetByText($"held at {oldest[..8]}")).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".diff")).ToContainTextAsync("init=/nix/store/2-nixos-system/init");
            Assert.Equal(oldest, await CurrentAsync(fleet));
            await visit.Button("Let it move…").ClickAsync();
            await Expect(visit.Dialog).ToContainTextAsync(newest[..8]);
            await Expect(visit.Dialog).ToContainTextAsync("8 machines"); // without those with a version of their own
            await visit.ShootAsync("let-it-move");
            await visit.AssertAccessibleAsync("let-it-move");
            await visit.Button("Keep it held").ClickAsync();
            await Expect(visit.Button("Let it move…")).ToBeFocusedAsync();
            Assert.Equal(oldest, await CurrentAsync(fleet));

            await visit.Button("Let it move…").ClickAsync();
            await visit.Button("From the next one on").ClickAsync();
            await Expect(visit.Page.GetByText($"held at {oldest[..8]}")).ToBeHiddenAsync();
            await Expect(visit.Toast($"until one comes, {oldest[..8]} stays")).ToBeVisibleAsync();
            Assert.Equal(oldest, await CurrentAsync(fleet));
            await Undo("until one comes").ClickAsync();

            await visit.Button("Let it move…").ClickAsync();
            await visit.Button($"Promote {newest[..8]} now").ClickAsync();
            await Expect(visit.Page.GetByText($"held at {oldest[..8]}")).ToBeHiddenAsync();
            await Expect(visit.Toast($"8 machines get {newest[..8]} from now on")).ToBeVisibleAsync();
            Assert.Equal(newest, await CurrentAsync(fleet));
            await visit.Toast("8 machines get").GetByRole(AriaRole.Button, new() { NameRegex = new("Undo") })
                .ClickAsync();
            await Expect(visit.Page.GetByText($"held at {oldest[..8]}")).ToBeVisibleAsync();
            Assert.Equal(oldest, await CurrentAsync(fleet));

            ILocator Undo(string text) =>
                visit.Toast(text).GetByRole(AriaRole.Button, new() { NameRegex = new("Undo") });
        });
    }

    [Fact]
    public async Task Two_versions_are_compared_by_kernel_size_arguments_and_provenance()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await fleet.UploadAsync("fleet", 5, 4, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/fleet");
            await Expect(visit.Heading($"What rolling back to {await ShortAsync(fleet, 1)} changes"))
                .ToBeVisibleAsync();
            await Expect(Difference(visit, "kernel")).ToHaveTextAsync("kernel6.18.56.18.2");
            await Expect(Difference(visit, "initrd")).ToHaveTextAsync("initrd4.0 MiB64.0 MiB, 60.0 MiB more");
            await Expect(Difference(visit, "arguments")).ToHaveTextAsync(
                "argumentsinit=/nix/store/5-nixos-system/initinit=/nix/store/2-nixos-system/init");
            await visit.Page.GetByLabel($"Compare {await ShortAsync(fleet, 0)}").UncheckAsync();
            await visit.Page.GetByLabel($"Compare {await ShortAsync(fleet, 2)}").CheckAsync();
            await Expect(visit.Heading($"What changed up to {await ShortAsync(fleet, 1)}")).ToBeVisibleAsync();
            await Expect(Difference(visit, "kernel")).ToHaveTextAsync("kernel6.18.16.18.2");
            await visit.AssertAccessibleAsync("difference");
        });
    }

    [Fact]
    public async Task An_image_is_held_for_a_reason_that_others_can_read_and_profiles_that_pin_are_named()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        var oldest = Id((await fleet.Api.ListAsync("/images/fleet/versions", Ct))[1]);
        await fleet.ProfileAsync("storage", new { image = "fleet", version = oldest }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images/fleet");
            await Expect(visit.Page.GetByText("pinned by 1")).ToHaveAttributeAsync("title", "storage");
            await visit.Button("More actions").ClickAsync();
            await visit.Page.GetByText("Hold…").ClickAsync();
            await visit.Dialog.GetByLabel("Why").FillAsync("until the NIC regression is fixed");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Hold" }).ClickAsync();
            await Expect(visit.Page.Locator(".banner"))
                .ToContainTextAsync(new Regex("Held by admin-token, .+: “until the NIC regression is fixed”."));
            await visit.ShootAsync("held");
            await visit.AssertAccessibleAsync("held");
            await visit.GoAsync("images");
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("^fleet") }))
                .ToContainTextAsync("“until the NIC regression is fixed”");
            await visit.GoAsync("images/fleet");
            await visit.Button("Change why…").ClickAsync();
            await fleet.Api.PutAsync("/images/fleet/current", new { version = oldest, hold = true }, Ct);
            await Expect(visit.Dialog).ToContainTextAsync($"machines get {oldest[..8]}");
            visit.Expect("412");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await Expect(visit.Dialog).ToContainTextAsync("It has moved meanwhile");
            await visit.Dialog.GetByLabel("Why").FillAsync("");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await Expect(visit.Button("Say why…")).ToBeVisibleAsync();
            await Expect(visit.Page.Locator(".banner")).Not.ToContainTextAsync("NIC");
            Assert.Equal(oldest, await CurrentAsync(fleet)); // what was read there is not moved back
            await fleet.UploadAsync("fleet", 6, 4, Ct);
            await Expect(visit.Page.Locator(".banner")).ToContainTextAsync("is there, but");
            await Expect(visit.Button("Promote")).ToHaveCountAsync(2);
            await visit.Button("Promote").First.ClickAsync();
            await Expect(visit.Page.Locator(".banner")).ToHaveCountAsync(0);
        });
        Assert.Equal(Id((await fleet.Api.ListAsync("/images/fleet/versions", Ct))[0]), await CurrentAsync(fleet));
    }

    [Fact]
    public async Task A_kernel_and_an_initrd_are_uploaded_and_become_current()
    {
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await fleet.Api.PutAsync("/images/tiny", new { source = new { type = "upload" } }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            await visit.GoAsync("images/tiny");
            await visit.Button("Upload version…").ClickAsync();
            await ChooseAsync(visit, ("bzImage", BootBytes.Initrd(1, 4096)), ("initrd", BootBytes.Initrd(1, 8 << 20)));
            await visit.Dialog.GetByLabel("What bzImage is").SelectOptionAsync("kernel");
            await visit.Dialog.GetByLabel("What initrd is").SelectOptionAsync("initrd");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Upload") }).ClickAsync();
            await Expect(visit.Dialog.Locator(".error")).ToContainTextAsync("must be a Linux kernel");
            await Expect(visit.Dialog.GetByLabel("What initrd is")).ToHaveValueAsync("initrd");
            await ChooseAsync(visit, ("bzImage", BootBytes.Kernel(1, 1 << 20)));
            await visit.Dialog.GetByLabel("What bzImage is").SelectOptionAsync("kernel");
            await visit.Dialog.GetByLabel("What initrd is").SelectOptionAsync("initrd");
            await visit.Dialog.GetByLabel("Kernel arguments").FillAsync("init=/nix/store/x/init\nconsole=ttyS0");
            await visit.ShootAsync("upload");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^Upload") }).ClickAsync();
            await Expect(visit.Page.GetByRole(AriaRole.Row, new() { NameRegex = new("current") })).ToBeVisibleAsync();
        });
        var version = Assert.Single(await fleet.Api.ListAsync("/images/tiny/versions", Ct));
        var system = version.GetProperty("systems").GetProperty("x86_64-linux");
        Assert.Equal(8 << 20, system.GetProperty("initrd").GetProperty("sizeBytes").GetInt64());
        Assert.Equal("console=ttyS0", system.GetProperty("kernelArguments")[1].GetString());
    }

    [Fact]
    public async Task Several_public_keys_of_a_binary_cache_are_typed_one_after_the_other()
    {
        string[] keys = ["one-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
            "two-1:mB9FSh9qf2dCimDSUo8Zy7bkq5CX+/rkCWyvRCYg3Fs="];
        await using var fleet = await Fleet.EmptyAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("images?add=");
            await visit.ChooseKindAsync("Upload");
            await visit.Button("Back").ClickAsync();
            await visit.ChooseKindAsync("Hydra");
            await visit.Dialog.GetByLabel("Name").FillAsync("cached");
            await visit.Dialog.GetByLabel("Where from").SelectOptionAsync("cache");
            await visit.Dialog.GetByLabel("Public keys").PressSequentiallyAsync(string.Join(' ', keys));
            await visit.Dialog.GetByLabel("Store path")
                .FillAsync("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Add image" }).ClickAsync();
            await Expect(visit.Heading("cached")).ToBeVisibleAsync();
        });
        var source = (await fleet.Api.GetAsync("/images/cached", Ct)).GetProperty("source");
        Assert.Equal(keys, source.GetProperty("publicKeys").EnumerateArray().Select(key => key.GetString()));
    }

    [Fact]
    public async Task A_profiles_selector_shows_its_machines_while_it_is_typed_and_its_kernel_line_is_measured()
    {
        await using var fleet = await Fleet.StartAsync(Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("profiles/rescue");
            await Expect(visit.Page.GetByText("0 machines now")).ToBeVisibleAsync();
            await visit.Page.GetByLabel("Selector").FillAsync("rack=3\nrole=worker");
            await Expect(visit.Page.GetByText("8 machines now")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText("8 get this profile")).ToBeVisibleAsync();
            await visit.Page.GetByLabel("Kernel arguments")
                .FillAsync(string.Join('\n', Enumerable.Repeat("x=" + new string('y', 100), 20)));
            await Expect(visit.Page.GetByText("The kernel would cut it")).ToBeVisibleAsync();
            await visit.Page.GetByLabel("Kernel arguments").FillAsync("quiet");
            await visit.Page.Keyboard.PressAsync("Control+s");
            await Expect(visit.Toast("rescue saved")).ToBeVisibleAsync();
        });
        var profile = await fleet.Api.GetAsync("/profiles/rescue", Ct);
        Assert.Equal("3", profile.GetProperty("selector").GetProperty("rack").GetString());
        Assert.Equal("rescue", (await fleet.Api.GetAsync("/machines/rack3-node01/plan", Ct)).GetProperty("profile")
            .GetString());
    }

    [Fact]
    public async Task Files_that_were_left_for_later_are_neither_on_disk_nor_shared()
    {
        var folder = Directory.CreateTempSubdirectory("netboot-release-");
        try
        {
            RefreshRig.WriteRelease(folder.FullName, 4 << 20, seed: 8);
            var tarball = Path.Combine(folder.FullName, "nixos-kexec-installer-x86_64-linux.tar.gz");
            await File.WriteAllBytesAsync(tarball, BootBytes.Initrd(8, 3 << 20), Ct);
            var sums = folder.GetFiles().Select(file =>
                $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.FullName)))}  {file.Name}\n")
                .ToList();
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "SHA256SUMS"), string.Concat(sums), Ct);
            await using var host = await FileHost.StartAsync(folder.FullName, Ct);
            await using var fleet = await Fleet.EmptyAsync(Ct);
            await fleet.Api.PutAsync("/images/nixos", new
            {
                source = new { type = "release", url = host.Url }, systems = new[] { "x86_64-linux" },
            }, Ct);
            await fleet.Api.RefreshAsync("nixos", TimeSpan.FromMinutes(1), Ct);
            await browser.VisitAsync(fleet.Server, async visit =>
            {
                await visit.GoAsync("images/nixos");
                await Expect(visit.Page.GetByText("8.0 MiB, shared ones once; 3.0 MiB not fetched yet"))
                    .ToBeVisibleAsync();
                await Expect(visit.Page.Locator(".readouts li").Last).ToHaveTextAsync("5.0 MiBon disk");
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task ChooseAsync(Visit visit, params (string Name, byte[] Bytes)[] files) =>
        visit.Dialog.GetByLabel("Choose files…").SetInputFilesAsync(files.Select(file => new FilePayload
        {
            Name = file.Name, MimeType = "application/octet-stream", Buffer = file.Bytes,
        }));

    private static ILocator Difference(Visit visit, string what) => visit.Page.Locator(".diff tr").Filter(new()
    {
        Has = visit.Page.GetByRole(AriaRole.Rowheader, new() { Name = what, Exact = true }),
    });

    /// <summary>The short id of a version, the newest being 0.</summary>
    private static async Task<string> ShortAsync(Fleet fleet, int at) =>
        Id((await fleet.Api.ListAsync("/images/fleet/versions", Ct))[at])[..8];

    private static async Task<string> CurrentAsync(Fleet fleet) =>
        (await fleet.Api.GetAsync("/images/fleet", Ct)).GetProperty("current").GetString()!;

    private static string Id(JsonElement version) => version.GetProperty("id").GetString()!;
}
