using System.Net;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Boots;

public sealed class DiscoveryTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    private Task<Answer> SeenAsync(string name) =>
        _admin.MachineWhenAsync(name, machine => machine.Status == HttpStatusCode.OK
            && machine["lastSeenAt"] is not null, name);

    [Fact]
    public async Task An_unknown_machine_is_recorded_with_what_it_told()
    {
        var script = await _machine.ScriptAsync("52:54:00:04:00:01",
            "&manufacturer=ACME%0A%24%7Bevil%7D&product=%FFFFFFC3%FFFFFFA9tage&serial=" + new string('9', 9000));
        Assert.Contains("does not know this machine", script, StringComparison.Ordinal);
        var machine = await SeenAsync("52-54-00-04-00-01");
        Assert.Equal("discovered", machine["state"]);
        var identity = machine.Json.GetProperty("identity");
        Assert.Equal("ACME\\u000a${evil}", identity.GetProperty("manufacturer").GetString());
        Assert.Equal("étage", identity.GetProperty("product").GetString());
        Assert.Equal(256, identity.GetProperty("serial").GetString()!.Length);
        Assert.NotNull(machine["firstSeenAt"]);
        Assert.All(app.Log.Printed, line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public async Task What_becomes_another_in_a_machine_is_noted_with_its_time()
    {
        const string mac = "52:54:00:04:00:91", name = "52-54-00-04-00-91";
        await _machine.ScriptAsync(mac, "&product=SYS-1&serial=A&ip=10.0.0.1");
        await SeenAsync(name);
        (await _machine.GetAsync($"/boot/{mac}.ipxe")).Is(HttpStatusCode.OK); // tells nothing, so takes nothing away
        await _machine.ScriptAsync(mac, "&product=SYS-1&serial=B&ip=10.0.0.2&asset=4711");
        var machine = await _admin.MachineWhenAsync(name, machine => machine["identityChanges"] is not null, name);
        Assert.Equal(["asset:  → 4711", "serial: A → B"], machine.Json.GetProperty("identityChanges").EnumerateArray()
            .Select(change =>
            $"{change.GetProperty("name")}: {(change.TryGetProperty("before", out var before) ? before : null)} → " +
            $"{change.GetProperty("after")}"));
        Assert.Equal("SYS-1", machine.Json.GetProperty("identity").GetProperty("product").GetString());
        // what is read can be written
        (await _admin.PutAsync($"/api/v1/machines/{name}", machine.Text)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Approval_takes_over_the_record_and_the_next_question_boots()
    {
        await _admin.MakeImageAsync("approve-image", seed: 40);
        await _admin.PutAsync("/api/v1/profiles/approve", """{"image":"approve-image"}""");
        await _machine.ScriptAsync("525400040002");
        var found = await SeenAsync("52-54-00-04-00-02");
        var taken = (await _admin.PutAsync("/api/v1/machines/node2", """{"macs":["525400040002"],"profile":"approve"}""")).Is(HttpStatusCode.Created);
        Assert.Equal((found["firstSeenAt"], found["lastSeenAt"]), (taken["firstSeenAt"], taken["lastSeenAt"]));
        Assert.Equal("\"1\"", taken.ETag);
        (await _admin.GetAsync("/api/v1/machines/52-54-00-04-00-02")).Is(HttpStatusCode.NotFound);
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400040002"), StringComparison.Ordinal);
        Assert.Equal("node2", (await _admin.BootWithAsync("node2", "running"))["machine"]);
    }

    [Fact]
    public async Task A_discovered_machine_can_be_approved_under_its_own_name()
    {
        await _machine.ScriptAsync("525400040003");
        await SeenAsync("52-54-00-04-00-03");
        var taken = (await _admin.PatchAsync("/api/v1/machines/52-54-00-04-00-03", """{"labels":{"rack":"1"}}""")).Is(HttpStatusCode.OK);
        Assert.Equal("registered", taken["state"]);
    }

    [Fact]
    public async Task Several_interfaces_found_apart_join_one_machine_with_their_history()
    {
        await _admin.MakeImageAsync("join-image", seed: 41);
        await _admin.PutAsync("/api/v1/profiles/join", """{"image":"join-image","selector":{"join":"yes"}}""");
        foreach (var mac in new[] { "525400040011", "525400040012", "525400040013" })
        {
            var boot = (await _machine.ScriptAsync(mac, "&join=yes")).BootPath();
            (await _machine.GetAsync($"{boot}/ready")).Is(HttpStatusCode.OK);
        }
        var name3 = "52-54-00-04-00-13";
        var last = await SeenAsync(name3);
        foreach (var name in new[] { "52-54-00-04-00-11", "52-54-00-04-00-12", name3 })
            await _admin.BootWithAsync(name, "ready");
        var joined = (await _admin.PutAsync("/api/v1/machines/joined", """{"macs":["525400040011","525400040012","525400040013"],"profile":"join"}"""))
            .Is(HttpStatusCode.Created);
        Assert.Equal(last["lastSeenAt"], joined["lastSeenAt"]);
        Assert.Equal(3, (await _admin.GetAsync("/api/v1/machines/joined/boots")).Items("id").Count);
        Assert.Equal(["joined"], (await _admin.GetAsync("/api/v1/machines?q=52540004001,")).Items().Concat(
            (await _admin.GetAsync("/api/v1/machines?q=52:54:00:04:00:1")).Items()).Distinct());
        foreach (var mac in new[] { "525400040011", "525400040012", "525400040013" })
            Assert.Contains("\nkernel ", await _machine.ScriptAsync(mac), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registered_machine_takes_in_an_interface_that_was_found_apart()
    {
        await _admin.PutAsync("/api/v1/machines/grows", """{"macs":["525400040021"],"notes":"mine"}""");
        await _machine.ScriptAsync("525400040022");
        await SeenAsync("52-54-00-04-00-22");
        var grown = (await _admin.PatchAsync("/api/v1/machines/grows", """{"macs":["525400040021","525400040022"]}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("mine", "\"2\""), (grown["notes"], grown.ETag));
        Assert.NotNull(grown["lastSeenAt"]);
        (await _admin.GetAsync("/api/v1/machines/52-54-00-04-00-22")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_registered_UUID_decides_when_no_MAC_is_known_of_either_and_a_contradiction_is_noticed()
    {
        await _admin.PutAsync("/api/v1/machines/by-uuid", """{"uuid":"4C4C4544-0042-3510-8052-b4c04f564433"}""");
        await _admin.PutAsync("/api/v1/machines/by-mac", """{"macs":["525400040032"]}""");
        const string Uuid = "&uuid=4c4c4544-0042-3510-8052-b4c04f564433";
        Assert.Contains("machine by-uuid", await _machine.ScriptAsync("525400040033", Uuid), StringComparison.Ordinal);
        Assert.Contains("machine by-mac", await _machine.ScriptAsync("525400040032", Uuid), StringComparison.Ordinal);
        await Until.AsAsync(() => _admin.GetAsync("/api/v1/alarms"),
            alarms => alarms.Text.Contains("identity-contradiction", StringComparison.Ordinal)
            && alarms.Text.Contains("by-uuid", StringComparison.Ordinal),
            "the alarm of a contradiction");
        await _admin.PatchAsync("/api/v1/machines/by-uuid", """{"macs":["525400040031"]}""");
        Assert.Contains("contradicts a registration", await _machine.ScriptAsync("525400040033", Uuid),
            StringComparison.Ordinal);
        await _admin.PutAsync("/api/v1/machines/twin", """{"macs":["525400040034"],"uuid":"4c4c4544-0042-3510-8052-b4c04f564433"}""");
        Assert.Contains("does not know", await _machine.ScriptAsync("525400040033", Uuid), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Selectors_match_labels_of_the_query_only_for_machines_that_are_not_registered()
    {
        await _admin.MakeImageAsync("select-image", seed: 42);
        await _admin.PutAsync("/api/v1/profiles/select", """{"image":"select-image","selector":{"room":"cellar"}}""");
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400040041", "&room=cellar"),
            StringComparison.Ordinal);
        await _admin.PutAsync("/api/v1/machines/selected", """{"macs":["525400040041"]}""");
        Assert.DoesNotContain("\nkernel ", await _machine.ScriptAsync("525400040041", "&room=cellar"),
            StringComparison.Ordinal);
        await _admin.PatchAsync("/api/v1/machines/selected", """{"labels":{"room":"cellar"}}""");
        Assert.Contains("\nkernel ", await _machine.ScriptAsync("525400040041", "&room=attic"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/boot/script")]
    [InlineData("/boot/script?serial=1")]
    [InlineData("/boot/script?mac=nonsense&uuid=00000000-0000-0000-0000-000000000000")]
    [InlineData("/boot/script?mac=%00%zz%&=&&&")]
    public async Task A_request_without_a_name_is_told_to_start_again(string path) =>
        Assert.Contains("without a MAC or UUID", (await _machine.GetAsync(path)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
}

public sealed class DiscoveryLimitTests
{
    [Fact]
    public async Task The_discovered_machine_not_seen_for_longest_is_forgotten_first()
    {
        await using var app = new NetbootApp(new() { ["Machines:MaxDiscovered"] = "3" });
        var (admin, machine) = (app.Admin, app.Machine);
        await admin.PutAsync("/api/v1/machines/kept", """{"macs":["525400050000"]}""");
        for (var i = 1; i <= 3; i++) await SeeAsync(i);
        await SeeAsync(1); // seen again: now 2 is the oldest
        await SeeAsync(4);
        var names = await Until.AsAsync(() => admin.GetAsync("/api/v1/machines"), list => list.Items().Count == 4,
            "the oldest to go");
        Assert.Equal(["52-54-00-05-00-01", "52-54-00-05-00-03", "52-54-00-05-00-04", "kept"], names.Items());
        await SeeAsync(2);

        // Very many at once, again and again, in one batch: none holds up the others.
        for (var round = 0; round < 3; round++)
            for (var i = 1; i <= 20; i++) await machine.ScriptAsync($"5254000500{i:x2}");
        await machine.ScriptAsync("525400050000");
        await admin.MachineWhenAsync("kept", kept => kept["lastSeenAt"] is not null, "the registered one to be seen");
        Assert.Equal(3, (await admin.GetAsync("/api/v1/machines?state=discovered")).Items().Count);

        async Task SeeAsync(int i)
        {
            var before = DateTimeOffset.UtcNow.AddMilliseconds(-1);
            await machine.ScriptAsync($"5254000500{i:x2}");
            await admin.MachineWhenAsync($"52-54-00-05-00-{i:x2}",
                seen => seen.Status == HttpStatusCode.OK && DateTimeOffset.Parse(seen["lastSeenAt"]!, null) >= before,
                $"machine {i}");
        }
    }

    [Fact]
    public async Task A_choice_from_a_menu_holds_for_that_machine_alone()
    {
        await using var app = new NetbootApp(new() { ["Machines:Unknown"] = "menu" });
        await app.Admin.MakeImageAsync("menu-image", seed: 51);
        await app.Admin.PutAsync("/api/v1/profiles/chosen", """{"image":"menu-image"}""");
        await app.Admin.PutAsync("/api/v1/machines/m1", """{"macs":["525400060011"]}""");
        await app.Admin.PutAsync("/api/v1/machines/m2", """{"macs":["525400060012"]}""");
        var menu = await app.Machine.ScriptAsync("525400060011");
        var choice = menu.Split('\n').Single(line => line.Contains("&menu=chosen,", StringComparison.Ordinal))
            .Split("&menu=")[1].Split(' ')[0];
        Assert.Contains("\nkernel ", await app.Machine.ScriptAsync("525400060011", "&menu=" + choice),
            StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ", await app.Machine.ScriptAsync("525400060012", "&menu=" + choice),
            StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ", await app.Machine.ScriptAsync("525400060011", "&menu=chosen"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ",
            await app.Machine.ScriptAsync("525400060011", "&menu=other," + choice.Split(',')[1]),
            StringComparison.Ordinal);
    }
}
