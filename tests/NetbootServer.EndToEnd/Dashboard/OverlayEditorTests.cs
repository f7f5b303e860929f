using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NetbootServer.EndToEnd.Dashboard;

/// <summary>Overlays on the pages of machines and profiles: what is secret goes in and never comes back.</summary>
[Collection(DashboardCollection.Name)]
public sealed class OverlayEditorTests(Browser browser)
{
    private const string Mac = "52:54:00:0e:00:01", Secret = "correct-horse-battery", Other = "staple-of-another-day";
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIpbbuKyfBoyaWz4bGgLyj0EFfgOjYLsHwPWnVZaNmbx admin";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_secret_file_is_typed_kept_and_replaced_but_never_seen_again()
    {
        await using var fleet = await ServeAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var seen = new ConcurrentQueue<Task<string>>();
            visit.Page.RequestFinished += (_, request) => seen.Enqueue(AnswerAsync(request));
            var dialog = await EditAsync(visit, "machines/node7");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Add a file" }).ClickAsync();
            await dialog.GetByLabel("Path").FillAsync("/etc/app/token");
            await dialog.GetByLabel("Secret", new() { Exact = true }).CheckAsync();
            await dialog.GetByLabel("Content of /etc/app/token", new() { Exact = true }).FillAsync(Secret);
            await SaveAsync(visit, dialog);
            await Expect(visit.Page.GetByText("1 file, 1 secret")).ToBeVisibleAsync();
            await AssertUnseenAsync(visit, seen, Secret);
            var first = await FileAsync(fleet);

            // What is not touched stays; what is replaced is another one.
            dialog = await EditAsync(visit, "machines/node7");
            await Expect(dialog.GetByText(first.GetProperty("fingerprint").GetString()![..12])).ToBeVisibleAsync();
            await dialog.GetByLabel("Hostname").FillAsync("node7");
            await SaveAsync(visit, dialog);
            Assert.Equal(first.GetRawText(), (await FileAsync(fleet)).GetRawText());
            dialog = await EditAsync(visit, "machines/node7");
            await visit.ShootAsync("secret-is-set");
            await visit.AssertAccessibleAsync("secret is set");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Replace /etc/app/token" }).ClickAsync();
            await dialog.GetByLabel("Content of /etc/app/token", new() { Exact = true }).FillAsync(Other);
            await SaveAsync(visit, dialog);
            Assert.NotEqual(first.GetProperty("fingerprint").GetString(),
                (await FileAsync(fleet)).GetProperty("fingerprint").GetString());
            await AssertUnseenAsync(visit, seen, Other);

            dialog = await EditAsync(visit, "machines/node7");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove /etc/app/token" }).ClickAsync();
            await SaveAsync(visit, dialog);
        });
        Assert.False((await fleet.Api.GetAsync("/machines/node7", Ct)).GetProperty("overlay")
            .TryGetProperty("files", out _));
    }

    [Fact]
    public async Task What_is_wrong_is_explained_at_its_field_while_it_is_typed_and_again_when_it_is_saved()
    {
        await using var fleet = await ServeAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("422");
            var dialog = await EditAsync(visit, "machines/node7");
            await dialog.GetByLabel("Authorized keys of root").FillAsync($"{Key}\nssh-ed25519 nonsense");
            await dialog.GetByLabel("Hostname").FillAsync("not a host name");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Add an interface" }).ClickAsync();
            await dialog.GetByLabel("MAC address").FillAsync(Mac);
            await dialog.GetByLabel("Addresses").FillAsync("10.0.0.7/24\n10.0.0.300/24");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Add a file" }).ClickAsync();
            await dialog.GetByLabel("Path").FillAsync("etc/motd");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Set root password hash" }).ClickAsync();
            // What is not filled in yet is not wrong while it is typed.
            await Expect(dialog.GetByLabel("Hostname")).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(dialog.GetByLabel("New root password hash")).Not.ToHaveAttributeAsync("aria-invalid", "true");
            await dialog.GetByLabel("New root password hash").FillAsync("plain");
            await AssertFaultsAsync();
            await visit.ShootAsync("while-typing");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
            await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeVisibleAsync(); // answered
            await AssertFaultsAsync();
            await visit.ShootAsync("refused");
            await visit.AssertAccessibleAsync("refused");
            // Each fault goes with its cause, and nothing of it is stored until all is saved.
            await dialog.GetByLabel("Hostname").FillAsync("node7.example.org");
            await Expect(dialog.GetByLabel("Hostname")).Not.ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(dialog.GetByLabel("Path")).ToHaveAttributeAsync("aria-invalid", "true");
            Assert.False((await fleet.Api.GetAsync("/machines/node7", Ct)).TryGetProperty("overlay", out _));

            async Task AssertFaultsAsync()
            {
                foreach (var (label, fault) in new[]
                {
                    ("Hostname", "must be a host name"), ("Authorized keys of root", "Key 2:"), ("Path", "absolute"),
                    ("Addresses", "Line 2 must be an address"), ("New root password hash", "crypt"),
                })
                {
                    var field = dialog.Locator(".field", new() { Has = visit.Page.GetByLabel(label) });
                    await Expect(field.Locator(".error").First).ToContainTextAsync(fault);
                    await Expect(dialog.GetByLabel(label)).ToHaveAttributeAsync("aria-invalid", "true");
                }
            }

            await dialog.GetByLabel("Authorized keys of root").FillAsync(Key);
            await dialog.GetByLabel("Addresses").FillAsync("10.0.0.7/24\n2001:db8::7/64");
            await dialog.GetByLabel("IPv4 gateway").FillAsync("10.0.0.1");
            await dialog.GetByLabel("Routes").FillAsync("10.1.0.0/16 via 10.0.0.2");
            await dialog.GetByLabel("DNS servers").FillAsync("10.0.0.1");
            await dialog.GetByLabel("Path").FillAsync("/etc/motd");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Leave it out" }).ClickAsync();
            await SaveAsync(visit, dialog);
        });
        var overlay = (await fleet.Api.GetAsync("/machines/node7", Ct)).GetProperty("overlay");
        Assert.Equal("node7.example.org", overlay.GetProperty("hostname").GetString());
        var network = overlay.GetProperty("network")[0];
        Assert.Equal("2001:db8::7/64", network.GetProperty("addresses")[1].GetString());
        Assert.Equal("10.0.0.2", network.GetProperty("routes")[0].GetProperty("gateway").GetString());
        Assert.False(overlay.TryGetProperty("rootPasswordHash", out _));
    }

    [Fact]
    public async Task An_overlay_that_was_changed_meanwhile_is_shown_in_words_without_its_secrets()
    {
        await using var fleet = await ServeAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            visit.Expect("412");
            var dialog = await EditAsync(visit, "machines/node7");
            await dialog.GetByLabel("Hostname").FillAsync("mine");
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Add a file" }).ClickAsync();
            await dialog.GetByLabel("Path").FillAsync("/etc/app/token");
            await dialog.GetByLabel("Secret", new() { Exact = true }).CheckAsync();
            await dialog.GetByLabel("Content of /etc/app/token", new() { Exact = true }).FillAsync(Secret);
            await fleet.Api.PutAsync("/machines/node7", new
            {
                macs = new[] { Mac }, profile = "plain",
                overlay = new
                {
                    hostname = "theirs", files = new[] { new { path = "/etc/motd", content = "hello" } },
                },
            }, Ct);
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
            var conflict = visit.Page.GetByRole(AriaRole.Dialog,
                new() { NameRegex = new("changed while you were editing") });
            await Expect(conflict).ToContainTextAsync("/etc/app/token 0644 secret, a new one");
            await Expect(conflict).ToContainTextAsync("/etc/motd 0644 “hello”");
            await Expect(conflict).Not.ToContainTextAsync(Secret);
            await visit.ShootAsync("conflict");
            await visit.AssertAccessibleAsync("conflict");
            await conflict.GetByRole(AriaRole.Row, new() { NameRegex = new("^hostname") })
                .GetByRole(AriaRole.Radio).First.CheckAsync();
            await conflict.GetByRole(AriaRole.Button, new() { Name = "Save this choice" }).ClickAsync();
            await Expect(visit.Toast("Overlay of node7 saved")).ToBeVisibleAsync();
        });
        var overlay = (await fleet.Api.GetAsync("/machines/node7", Ct)).GetProperty("overlay");
        Assert.Equal("theirs", overlay.GetProperty("hostname").GetString());
        Assert.Equal("/etc/app/token", overlay.GetProperty("files")[0].GetProperty("path").GetString());
    }

    [Fact]
    public async Task What_the_overlay_will_contain_is_shown_with_who_sets_it_and_a_spent_release_is_armed_again()
    {
        await using var fleet = await ServeAsync();
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            var dialog = await EditAsync(visit, "profiles/plain");
            await dialog.GetByLabel("Authorized keys of root").FillAsync(Key);
            await dialog.GetByLabel("Choose files to add").SetInputFilesAsync(new FilePayload[]
            {
                new() { Name = "motd", MimeType = "text/plain", Buffer = "welcome\n"u8.ToArray() },
                new() { Name = "blob", MimeType = "application/octet-stream", Buffer = [0, 255, 1] },
            });
            await Expect(dialog.GetByText("Binary, 3 B")).ToBeVisibleAsync();
            await SaveAsync(visit, dialog, "plain");
            dialog = await EditAsync(visit, "machines/node7");
            await dialog.GetByLabel("Hostname").FillAsync("node7");
            await dialog.GetByLabel("SSH host keys").SelectOptionAsync("generate");
            await dialog.GetByLabel("Secrets leave").SelectOptionAsync("once");
            await SaveAsync(visit, dialog);

            var plan = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Plan" });
            await Expect(Row(plan, "/etc/motd")).ToHaveTextAsync(new Regex(@"0644\s*8 B\s*in the initrd\s*plain$"));
            await Expect(Row(plan, "/etc/ssh/ssh_host_ed25519_key"))
                .ToHaveTextAsync(new Regex(@"secret\s*0600\s*\d+ B\s*in the initrd\s*machine$"));
            await Expect(plan.GetByText("A release of the secrets is armed.")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText(new Regex("^SHA256:[A-Za-z0-9+/]{43}$"))).ToBeVisibleAsync();
            await Expect(visit.Button("Copy for known_hosts")).ToBeVisibleAsync();

            var machine = await (await fleet.Machine(Mac).AskAsync(Ct)).LoadAsync(Ct);
            await (await machine.LoadOverlayAsync(Ct)).ReadyAsync(Ct);
            await Expect(plan.GetByText("The release is spent")).ToBeVisibleAsync();
            await visit.ShootAsync("spent");
            await visit.AssertAccessibleAsync("spent");
            await visit.Button("Arm a release…").ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Arm a release" }).ClickAsync();
            await Expect(plan.GetByText("A release of the secrets is armed.")).ToBeVisibleAsync();

            await Assert.ThrowsAsync<HttpRequestException>(() => machine.LoadOverlayAsync(Ct)); // of the boot before
            await visit.GoAsync("");
            var alarm = visit.Page.Locator("li.note", new() { HasText = "Secrets refused" });
            await Expect(alarm.GetByRole(AriaRole.Link, new() { Name = "node7" })).ToBeVisibleAsync();
        });
        var stored = (await fleet.Api.GetAsync("/machines/node7/plan", Ct)).GetProperty("secrets");
        Assert.True(stored.GetProperty("armed").GetBoolean());
        Assert.Equal("AP8B", (await fleet.Api.GetAsync("/profiles/plain", Ct)).GetProperty("overlay")
            .GetProperty("files").EnumerateArray().Single(file => file.GetProperty("path").GetString() == "/etc/blob")
            .GetProperty("contentBase64").GetString());
    }

    [Theory]
    [InlineData("desk-light"), InlineData("phone-light"), InlineData("phone-dark")]
    public async Task The_editor_and_the_machine_s_page_fit_their_screen(string name)
    {
        var screen = new[] { Screen.LightDesk, Screen.Phone, Screen.DarkPhone }.Single(one => one.Name == name);
        await using var fleet = await ServeAsync();
        await fleet.Api.PutAsync("/machines/node7", new
        {
            macs = new[] { Mac }, profile = "plain", secretRelease = "every-boot",
            overlay = new
            {
                hostname = "node7", hostKeys = "generate", authorizedKeys = new[] { Key },
                network = new[] { new { mac = Mac, addresses = new[] { "10.0.0.7/24" }, gateway4 = "10.0.0.1" } },
                files = new object[]
                {
                    new { path = "/etc/motd", content = "hello" },
                    new { path = "/etc/a/very/long/path/that/no/one/wants/to/read/to/its/end.conf", content = Secret,
                        mode = "0600", secret = true },
                },
            },
        }, Ct);
        await browser.VisitAsync(fleet.Server, async visit =>
        {
            await visit.GoAsync("machines/node7");
            await Expect(visit.Heading("Overlay at the next boot")).ToBeVisibleAsync();
            await LookAsync(visit, "machine");
            var dialog = await EditAsync(visit, "machines/node7");
            await Expect(dialog.GetByLabel("Path").First).ToHaveValueAsync("/etc/motd");
            await LookAsync(visit, "editor");
            foreach (var part in new[] { "Networks", "Files" })
            {
                await dialog.GetByText(part, new() { Exact = true }).ScrollIntoViewIfNeededAsync();
                await visit.ShootAsync($"editor-{part}", fullPage: false);
            }
            await visit.Page.Keyboard.PressAsync("Escape");
            dialog = await EditAsync(visit, "profiles/plain");
            await LookAsync(visit, "profile");
            await visit.Page.Keyboard.PressAsync("Escape");
            await visit.GoAsync("images/plain");
            await Expect(visit.Page.GetByText("in place: the system runs in its initrd")).ToBeVisibleAsync();
            await Expect(visit.Page.GetByText(new Regex(@"^at least [\d.]+ MiB$"))).ToBeVisibleAsync();
            await LookAsync(visit, "image");
        }, screen);
    }

    /// <summary>A server with a machine whose image runs in its initramfs.</summary>
    private static async Task<Fleet> ServeAsync()
    {
        var fleet = await Fleet.EmptyAsync(Ct);
        try
        {
            await fleet.UploadAsync("plain", BootBytes.Kernel(1, 4096), BootFiles.Archive("init"), "quiet", Ct);
            await fleet.ProfileAsync("plain", new { image = "plain", expects = "ready" }, Ct);
            await fleet.Api.PutAsync("/machines/node7", new { macs = new[] { Mac }, profile = "plain" }, Ct);
            await fleet.Api.WaitForAsync("/images/plain/versions", versions => versions.GetProperty("items")[0]
                .GetProperty("overlayKinds").EnumerateObject().Any(), TimeSpan.FromSeconds(60), Ct);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    private static async Task<ILocator> EditAsync(Visit visit, string page)
    {
        await visit.GoAsync(page);
        await visit.Button("Edit overlay").ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { NameRegex = new("^Overlay of ") });
        await Expect(dialog).ToBeVisibleAsync();
        return dialog;
    }

    private static async Task SaveAsync(Visit visit, ILocator dialog, string name = "node7")
    {
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Expect(visit.Toast($"Overlay of {name} saved").Last).ToBeVisibleAsync();
        await Expect(dialog).Not.ToBeVisibleAsync();
    }

    private static ILocator Row(ILocator plan, string path) =>
        plan.Locator("tr", new() { Has = plan.Page.GetByText(path, new() { Exact = true }) });

    private static async Task<JsonElement> FileAsync(Fleet fleet) =>
        (await fleet.Api.GetAsync("/machines/node7", Ct)).GetProperty("overlay").GetProperty("files")[0];

    /// <summary>An address that was asked for, and what it answered.</summary>
    private static async Task<string> AnswerAsync(IRequest request) =>
        $"{request.Url}\n{(await request.ResponseAsync() is { Status: < 300 or >= 400 } response
            ? await response.TextAsync() : "")}"; // others have none

    /// <summary>Neither the page nor an answer has it, nor any address that was asked for.</summary>
    private static async Task AssertUnseenAsync(Visit visit, ConcurrentQueue<Task<string>> seen, string secret)
    {
        await Task.WhenAll(seen); // a page that is left takes them along
        await visit.Page.ReloadAsync();
        await Expect(visit.Heading("Overlay at the next boot")).ToBeVisibleAsync();
        foreach (var path in new[] { "machines", "machines/node7", "machines/node7/plan", "audit" })
            await visit.Page.EvaluateAsync($"fetch('api/v1/{path}').then(answer => answer.text())");
        Assert.DoesNotContain(secret, await visit.Page.ContentAsync(), StringComparison.Ordinal);
        var answers = await Task.WhenAll(seen);
        Assert.Contains(answers, answer => answer.Contains("/api/v1/audit\n", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.Contains("/etc/app/token", StringComparison.Ordinal));
        Assert.All(answers, answer => Assert.DoesNotContain(secret, answer, StringComparison.Ordinal));
    }

    private static async Task LookAsync(Visit visit, string name)
    {
        await visit.ShootAsync(name);
        await visit.AssertAccessibleAsync(name);
        var overflow = await visit.Page.EvaluateAsync<int>(
            "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)");
        Assert.True(overflow == 0, $"{name} is {overflow} px wider than its screen");
    }
}
