using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Inventory;

/// <summary>A site moves to files in one step: what the server exports, it takes over, and nothing changes.</summary>
public sealed class InventoryExportTests
{
    private const string Hash = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";

    [Fact]
    public async Task An_export_put_into_the_directory_takes_over_everything_and_changes_nothing()
    {
        await using var inventory = new InventoryApp("1000");
        var admin = inventory.Admin;
        await inventory.UntilThereAsync("machines/always");
        await admin.PutAsync("/api/v1/images/net", """
            {"source": {"type": "release", "url": "https://example.org/releases/{system}"}, "schedule": "0 4 * * 1",
             "timeZone": "Europe/Berlin", "keep": 7, "systems": ["x86_64-linux", "aarch64-linux"]}
            """);
        var version = await admin.MakeImageAsync("up", 4000);
        (await admin.PutAsync("/api/v1/profiles/choice", """
            {"image": "up", "selector": {"rack": "007", "on": "yes"}, "priority": -5, "kernelArguments": ["a=\"b c\"", "007"],
             "menu": {"title": "Choose: now", "entries": [{"profile": "choice", "label": "true"}, {"action": "local"}],
             "timeoutSeconds": 9}, "after": "local", "expects": "ready", "localDisk": "sanboot",
             "template": "#!ipxe\nshell\n", "overlay": {"hostKeys": "generate", "network":
             [{"mac": "52:54:00:ff:0a:01", "dhcp": true}], "files": [{"path": "/etc/x", "content": "a\tb\n é ' \" \\"}]}}
            """)).Is(HttpStatusCode.Created);
        (await admin.PutAsync("/api/v1/profiles/pinned", new { image = "up", version })).Is(HttpStatusCode.Created);
        (await admin.PutAsync("/api/v1/machines/0123", $$$"""
            {"macs": ["52:54:00:ff:0a:01"], "serial": "000123", "labels": {"rack": "1.0", "date": "2026-01-01"},
             "notes": "two\nlines: - # x", "profile": "pinned", "secretRelease": "once",
             "overlay": {"rootPasswordHash": "{{{Hash}}}",
             "files": [{"path": "/etc/s", "mode": "0600", "content": "hidden", "secret": true}]}}
            """)).Is(HttpStatusCode.Created);
        await inventory.App.Machine.GetAsync("/boot/script?mac=52:54:00:ff:0a:77"); // discovered ones are not declared
        var before = await StateAsync(admin);
        var export = (await admin.GetAsync("/api/v1/inventory/export")).Is(HttpStatusCode.OK);
        Assert.Equal("application/yaml", export.MediaType);
        Assert.DoesNotContain("hidden", export.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("52-54-00-ff-0a-77", export.Text, StringComparison.Ordinal);
        inventory.Write("export.yaml", export.Text);
        inventory.Delete("always.yaml");
        await inventory.UntilAsync("all to be managed", view => view.GetProperty("state").GetString() == "applied"
            && view.GetProperty("managed").GetProperty("images").GetInt32() == 3);
        Assert.Equal(before, await StateAsync(admin));
        foreach (var path in new[] { "images/net", "profiles/choice", "machines/0123", "machines/always" })
            Assert.Equal("export.yaml", (await admin.GetAsync($"/api/v1/{path}")).Json.GetProperty("managedBy")
                .GetProperty("file").GetString());
        // The schema that is published takes it, too, and check says what the server says.
        await using var check = ServerRun.Start(Path.GetTempPath(), new Dictionary<string, string>(), "check",
            inventory.Directory);
        Assert.Equal((0, ""), (await check.ExitAsync(), check.Errors));
    }

    /// <summary>All that users set, with the revisions.</summary>
    private static async Task<string> StateAsync(Caller admin)
    {
        var text = "";
        foreach (var list in new[] { "images", "profiles", "machines?state=registered" })
            foreach (var item in (await admin.GetAsync($"/api/v1/{list}")).Json.GetProperty("items").EnumerateArray())
                text += string.Join(", ", item.EnumerateObject().Where(member => member.Name != "managedBy")
                    .Select(member => member.ToString())) + "\n";
        return text;
    }
}
