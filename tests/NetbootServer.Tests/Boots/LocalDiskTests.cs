using System.Net;
using System.Text.RegularExpressions;
using NetbootServer.Boots.Planning;
using NetbootServer.Boots.Scripts;
using NetbootServer.Machines;
using NetbootServer.Tests.Fixtures;
using static NetbootServer.Tests.Boots.PlannerWorld;

namespace NetbootServer.Tests.Boots;

/// <summary>How machines are left to their own disk, and that firmware which asks again is answered the same.</summary>
public sealed class LocalDiskTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private const string FirstDrive = "sanboot --no-describe --drive 0x80 ||\nexit 1\n";

    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    public static TheoryData<string?, string> Ways => new()
    {
        { null, "iseq ${platform} pcbios && " + FirstDrive },
        { "exit-error", "exit 1\n" },
        { "exit-ok", "exit 0\n" },
        { "sanboot", FirstDrive },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_script_leaves_to_the_disk_in_the_way_that_is_set(string? way, string lines)
    {
        var identity = MachineIdentity.FromQuery("mac=525400aabb01");
        var links = new ScriptLinks("http://10.0.0.1:8080") { Boot = new string('T', BootTokens.Length) };
        BootAction[] actions =
        [
            new BootLocalDisk(), new WaitForApproval(), new CannotBoot(),
            new ShowMenu(null, [MenuChoice.Local(), MenuChoice.Again], "local", 5),
        ];
        foreach (var action in actions)
        {
            var plan = new BootPlan { Action = action, Reason = "r", LocalDisk = way };
            var script = BootScript.Render(plan, links, identity, 0, profile => "M" + profile);
            Assert.Contains("\n" + lines, script, StringComparison.Ordinal);
            Assert.Equal(lines.Split('\n').Count(line => line.StartsWith("exit", StringComparison.Ordinal)),
                script.Split('\n').Count(line => line.StartsWith("exit", StringComparison.Ordinal)));
        }
        var image = Image("img", Version("x86_64-linux"));
        var profile = Profile("own");
        profile = profile with
        {
            Spec = profile.Spec with
            {
                LocalDisk = way,
                Template = "#!ipxe\n{{ local_disk }}\n"
            }
        };
        var view = View(Machine("m", profile: "own"), [profile], [image]);
        var own = TemplateRenderer.TryRender(BootPlanner.Plan(view, identity, null), links, identity, 0, () => "TOKEN",
            out var fault);
        Assert.Null(fault);
        Assert.EndsWith("\n" + lines, own, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("exit-ok", null, "exit-ok")]
    [InlineData("exit-ok", "sanboot", "sanboot")]
    public void A_profile_overrides_the_setting_for_its_machines_whatever_sends_them_to_their_disk(
        string? setting, string? profile, string? expected)
    {
        var own = Profile("own", after: "local");
        own = own with { Spec = own.Spec with { LocalDisk = profile } };
        var rescue = Profile("rescue", version: "nonesuch"); // cannot boot, and says nothing of the board
        foreach (var (machine, choice) in new[]
        {
            (Machine("m", profile: "own", completed: "own"), null),
            (Machine("m", profile: "own", next: Next(action: "local")), null),
            (Machine("m", profile: "own", next: Next(action: "menu")), null),
            (Machine("m", profile: "own", next: Next("rescue")), null),
            (Machine("m", profile: "own"), "local"),
            (Machine("m", profile: "own"), (string?)null),
        })
        {
            var plan = BootPlanner.Plan(View(machine, [own, rescue]) with { LocalDisk = setting },
                MachineIdentity.FromQuery("mac=525400aabb01"), choice);
            Assert.Equal(expected, plan.LocalDisk);
        }
    }

    [Fact]
    public async Task A_next_boot_to_the_disk_is_the_same_decision_when_UEFI_asks_again_in_that_power_on()
    {
        await RegisterAsync("efi", "525400110001");
        await _admin.PutAsync("/api/v1/machines/efi/next-boot", """{"action":"local"}""");
        var first = await _machine.ScriptAsync("525400110001");
        Assert.EndsWith("iseq ${platform} pcbios && " + FirstDrive, first, StringComparison.Ordinal);
        Assert.Null((await _admin.GetAsync("/api/v1/machines/efi"))["nextBoot"]); // handed out, so used up
        for (var i = 0; i < 3; i++)
            Assert.Contains("its firmware asks again", await _machine.ScriptAsync("525400110001", "&try=1"),
                StringComparison.Ordinal);
        Assert.Equal("local", (await _admin.GetAsync("/api/v1/machines/efi/plan"))["action"]);
        Assert.Empty((await _admin.GetAsync("/api/v1/machines/efi/boots")).Items("id"));

        // What an operator decides meanwhile counts at once.
        await _admin.PutAsync("/api/v1/machines/efi/next-boot", """{"profile":"efi-profile"}""");
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400110001"), StringComparison.Ordinal);
        await _admin.PutAsync("/api/v1/machines/efi/next-boot", """{"action":"local"}""");
        await _machine.ScriptAsync("525400110001");
        await _admin.DeleteAsync("/api/v1/machines/efi/next-boot");
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400110001"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(0, 0, 180, true)]
    [InlineData(0, 0, 181, false)]
    [InlineData(0, 500, 600, true)]
    [InlineData(0, 500, 601, false)]
    [InlineData(5000, 5000, 20, false)] // the data are of a back-up
    public void It_is_the_same_power_on_for_a_few_minutes(int since, int last, int now, bool same) =>
        Assert.Equal(same, new NetbootServer.Machines.LeftToDisk(since, last).IsSamePowerOn(TimeSpan.FromSeconds(now)));

    [Fact]
    public async Task The_disk_chosen_by_a_key_or_from_a_menu_is_the_same_decision_too()
    {
        await RegisterAsync("menus", "525400110003", """{"image":"menus-image","menu":{"entries":[{"action":"local"},{"action":"shell"}]}}""");
        await _admin.PutAsync("/api/v1/machines/waits", """{"macs":["525400110004"]}""");
        foreach (var (mac, before) in new[] { ("525400110003", "\nchoose "), ("525400110004", "Press L"),
            ("5254001100ff", "does not know this") })
        {
            var script = await _machine.ScriptAsync(mac);
            Assert.Contains(before, script, StringComparison.Ordinal);
            var choice = Regex.Match(script,
                @"\n:local\nchain --replace --autofree \$\{nb-again\}(&menu=local,\S+) \|\|\niseq").Groups[1].Value;
            Assert.NotEqual("", choice);
            await _admin.MachineWhenAsync(mac == "5254001100ff" ? "52-54-00-11-00-ff" : mac[^1] == '3' ? "menus"
                : "waits",
                machine => machine["lastSeenAt"] is not null, "its record");
            Assert.Contains("the local disk was chosen at the machine", await _machine.ScriptAsync(mac, choice),
                StringComparison.Ordinal);
            Assert.Contains("its firmware asks again", await _machine.ScriptAsync(mac), StringComparison.Ordinal);
        }
        // Another machine's choice counts for nothing.
        await _admin.PutAsync("/api/v1/machines/other", """{"macs":["525400110005"]}""");
        Assert.Contains("Press L", await _machine.ScriptAsync("525400110005", "&menu=local,AAAA"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_is_given_a_profile_is_not_left_to_its_disk_any_more()
    {
        await _admin.PutAsync("/api/v1/machines/given", """{"macs":["525400110006"]}""");
        await _admin.PutAsync("/api/v1/machines/given/next-boot", """{"action":"local"}""");
        await _machine.ScriptAsync("525400110006");
        await RegisterAsync("given", "525400110006");
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400110006"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_setting_and_a_profile_are_seen_in_scripts_and_in_the_plan()
    {
        await using var other = new NetbootApp(
            new() { ["Boots:LocalDisk"] = "exit-ok", ["Machines:Unknown"] = "local" });
        Assert.EndsWith(": the machine is not registered and no selector matches; Machines:Unknown says local\nexit " +
            "0\n",
            await other.Machine.ScriptAsync("525400110010"), StringComparison.Ordinal);
        await other.Admin.MakeImageAsync("img", seed: 7);
        await other.Admin.PutAsync("/api/v1/profiles/p", """{"image":"img","localDisk":"sanboot"}""");
        await other.Admin.PutAsync("/api/v1/machines/m", """{"macs":["525400110011"],"profile":"p"}""");
        Assert.Equal("sanboot", (await other.Admin.GetAsync("/api/v1/machines/m/plan"))["localDisk"]);
        await other.Admin.PutAsync("/api/v1/machines/m/next-boot", """{"action":"local"}""");
        Assert.EndsWith("\n" + FirstDrive, await other.Machine.ScriptAsync("525400110011"), StringComparison.Ordinal);
        // it started the disk itself
        Assert.Contains("\nkernel ", await other.Machine.ScriptAsync("525400110011"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_tells_how_its_machines_are_left_to_their_disk()
    {
        await _admin.MakeImageAsync("way-image");
        Assert.Equal("exit-ok", (await _admin.PutAsync("/api/v1/profiles/way", """{"image":"way-image","localDisk":"exit-ok"}"""))
            .Is(HttpStatusCode.Created)["localDisk"]);
        Assert.Null((await _admin.PatchAsync("/api/v1/profiles/way", """{"localDisk":null}""")).Is(HttpStatusCode.OK)["localDisk"]);
        var refused = (await _admin.PatchAsync("/api/v1/profiles/way", """{"localDisk":"exit"}""")).IsInvalidAt("$.localDisk");
        Assert.Contains("exit-error, exit-ok, sanboot", refused.Text, StringComparison.Ordinal);
        Assert.Contains("\"localDisk\"", (await _admin.GetAsync("/swagger/v1/swagger.json")).Text,
            StringComparison.Ordinal);
    }

    private async Task RegisterAsync(string name, string mac, string? profile = null)
    {
        await _admin.MakeImageAsync($"{name}-image", seed: name.Sum(letter => letter));
        (await _admin.PutAsync($"/api/v1/profiles/{name}-profile", profile ?? $$"""{"image":"{{name}}-image"}""")).Is(HttpStatusCode.Created);
        await _admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { mac }, profile = $"{name}-profile" });
    }
}
