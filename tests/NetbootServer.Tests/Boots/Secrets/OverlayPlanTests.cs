using System.Net;
using System.Text.Json;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots.Secrets;

/// <summary>What a plan says of a machine's own files: where each is set, and when the secret ones leave.</summary>
public sealed class OverlayPlanTests(OverlayHost host) : IClassFixture<OverlayHost>
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIpbbuKyfBoyaWz4bGgLyj0EFfgOjYLsHwPWnVZaNmbx";

    [Fact]
    public async Task Each_item_says_where_it_is_set()
    {
        await host.MakeImageAsync("origins", OverlayHost.Initrd(), new
        {
            hostname = "shared", authorizedKeys = new[] { Key }, hostKeys = "generate",
            files = new[] { new { path = "/etc/shared", content = "" }, new { path = "/etc/both", content = "" } },
        });
        (await host.Admin.PutAsync("/api/v1/machines/origins", new
        {
            macs = new[] { "52:54:00:21:00:01" }, profile = "origins",
            overlay = new
            {
                hostname = "own", authorizedKeys = new[] { Key + " another" },
                files = new[] { new { path = "/etc/both", content = "" }, new { path = "/etc/own", content = "" } },
            },
        })).Is(HttpStatusCode.Created);
        await host.ScriptAsync("52-54-00-21-00-01");
        var items = (await PlanAsync("origins")).GetProperty("overlay").EnumerateArray().ToDictionary(
            item => item.GetProperty("path").GetString()!, item => item.GetProperty("setBy").GetString());
        Assert.Equal(new Dictionary<string, string?>
        {
            ["/etc/hostname"] = "machine", ["/root/.ssh/authorized_keys"] = "both",
            ["/etc/ssh/ssh_host_ed25519_key"] = "profile", ["/etc/ssh/ssh_host_ed25519_key.pub"] = "profile",
            ["/etc/shared"] = "profile", ["/etc/both"] = "machine", ["/etc/own"] = "machine",
        }, items);
    }

    [Fact]
    public async Task Secrets_say_whether_the_next_boot_may_have_them()
    {
        await host.MakeImageAsync("armed", OverlayHost.Initrd());
        await host.MakeMachineAsync("armed", "52:54:00:21:00:02", "armed", release: "once");
        await host.MakeMachineAsync("always", "52:54:00:21:00:03", "armed");
        var script = await host.ScriptAsync("52-54-00-21-00-02");
        Assert.Equal(("every-boot", false, true, false), await SecretsAsync("always"));
        Assert.Equal(("once", true, true, false), await SecretsAsync("armed"));
        (await host.AskAsync(OverlayHost.PathIn(script))).Is(HttpStatusCode.OK);
        await host.AskAsync($"{script.BootPath()}/ready");
        Assert.Equal(("once", true, false, true), await SecretsAsync("armed"));
        (await host.Admin.PostAsync("/api/v1/machines/armed/releases", new { })).Is(HttpStatusCode.OK);
        Assert.Equal(("once", true, true, true), await SecretsAsync("armed"));
        await host.MakeImageAsync("open", OverlayHost.Initrd(), new { hostname = "open" });
        await host.Admin.PutAsync("/api/v1/machines/open",
            new { macs = new[] { "52:54:00:21:00:04" }, profile = "open" });
        await host.ScriptAsync("52-54-00-21-00-04");
        Assert.False((await PlanAsync("open")).TryGetProperty("secrets", out _));
    }

    private async Task<JsonElement> PlanAsync(string machine) =>
        (await host.Admin.GetAsync($"/api/v1/machines/{machine}/plan?arch=x86_64")).Is(HttpStatusCode.OK).Json;

    private async Task<(string? Release, bool IsSet, bool Armed, bool WasSpent)> SecretsAsync(string machine)
    {
        var secrets = (await PlanAsync(machine)).GetProperty("secrets");
        return (secrets.GetProperty("release").GetString(), secrets.GetProperty("isSet").GetBoolean(),
            secrets.GetProperty("armed").GetBoolean(), secrets.TryGetProperty("spentAt", out _));
    }
}
