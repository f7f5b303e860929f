using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using NetbootServer.Boots.Journal;
using NetbootServer.Boots.Planning;
using NetbootServer.Machines;
using NetbootServer.Storage;
using NetbootServer.Tests.Fixtures;
using NetbootServer.Tests.Machines.Import;

namespace NetbootServer.Tests.Boots;

/// <summary>Which machine a request is taken for, as machines and operators see it.</summary>
public sealed class IdentityTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;
    private readonly Caller _machine = app.Machine;

    private static string Uuid(string end) => $"4c4c4544-0042-3510-8052-b4c04f56{end}";

    private Task<string> AskAsync(string query) => app.Machine.AskAsync(query);

    private async Task ProfilesAsync(params string[] names)
    {
        await _admin.MakeImageAsync($"image-{names[0]}", seed: 70);
        foreach (var name in names) await _admin.PutAsync($"/api/v1/profiles/{name}", $$"""{"image":"image-{{names[0]}}"}""");
    }

    private Task<Answer> RegisterAsync(string name, object spec) => _admin.PutAsync($"/api/v1/machines/{name}", spec);

    private async Task<JsonElement> MachineAsync(string name) => (await _admin.GetAsync($"/api/v1/machines/{name}"))
        .Is(HttpStatusCode.OK).Json;

    [Fact]
    public async Task A_server_whose_BMC_shares_a_MAC_neither_gets_nor_uses_up_what_is_meant_for_another()
    {
        await ProfilesAsync("wipe", "calm");
        await RegisterAsync("srv-a", new
        {
            macs = new[] { "52:54:00:30:00:01", "0a:94:ef:00:00:01" },
            uuid = Uuid("0021"), profile = "calm"
        });
        await _admin.PutAsync("/api/v1/machines/srv-a/next-boot", """{"profile":"wipe"}""");
        var before = await MachineAsync("srv-a");

        var query = $"mac=52-54-00-30-00-02&macs=52-54-00-30-00-02,0a-94-ef-00-00-01&uuid={Uuid("0022")}&serial=SRVB";
        var script = await AskAsync(query);
        Assert.DoesNotContain("\nkernel ", script, StringComparison.Ordinal);
        Assert.Contains("its MAC 0a:94:ef:00:00:01 is registered for 'srv-a'", script, StringComparison.Ordinal);
        Assert.Contains($"'srv-a' has the UUID {Uuid("0021")}, this machine reports {Uuid("0022")}", script,
            StringComparison.Ordinal);
        Assert.Contains("chain --replace --autofree ${nb-again}", script, StringComparison.Ordinal);
        var alarm = await _admin.ContradictionAsync("srv-a");
        await _admin.MachineWhenAsync("52-54-00-30-00-02", seen => seen.Status == HttpStatusCode.OK,
            "the stranger to be seen");
        Assert.Equal(before.ToString(), (await MachineAsync("srv-a")).ToString());

        var made = (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"register","name":"srv-b"}""")).Is(HttpStatusCode.Created);
        Assert.Equal("/api/v1/machines/srv-b", made.Header("Location"));
        Assert.Equal((Uuid("0022"), "SRVB"), (made["uuid"], made["serial"]));
        Assert.Equal(["52:54:00:30:00:02"], made.Json.GetProperty("macs").EnumerateArray()
            .Select(mac => mac.GetString()));
        await _admin.PatchAsync("/api/v1/machines/srv-b", """{"profile":"calm"}""");
        Assert.Contains("(profile calm)", await AskAsync(query), StringComparison.Ordinal);
        Assert.Contains("(profile wipe)",
            await AskAsync($"mac=52-54-00-30-00-01&macs=0a-94-ef-00-00-01&uuid={Uuid("0021")}"),
            StringComparison.Ordinal);
        (await _admin.GetAsync("/api/v1/machines/52-54-00-30-00-02")).Is(HttpStatusCode.NotFound);
        (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"take-over"}""")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_dock_that_two_laptops_share_does_not_make_one_of_them()
    {
        await ProfilesAsync("dock");
        await RegisterAsync("laptop-a", new { macs = new[] { "525400310001" }, profile = "dock" });
        const string A = "mac=52-54-00-31-00-01&uuid=4c4c4544-0042-3510-8052-b4c04f563101&serial=LAPTOP-A";
        const string B = "mac=52-54-00-31-00-01&uuid=4c4c4544-0042-3510-8052-b4c04f563102&serial=LAPTOP-B";
        await _machine.BootWhollyAsync(await AskAsync(A));
        var reference = (await _admin.MachineWhenAsync("laptop-a", seen =>
            seen.Json.TryGetProperty("reference", out _), "the reference"))
            .Json.GetProperty("reference");
        Assert.Equal(("4c4c4544-0042-3510-8052-b4c04f563101", "LAPTOP-A"),
            (reference.GetProperty("uuid").GetString(), reference.GetProperty("serial").GetString()));
        Assert.Equal(JsonValueKind.String, reference.GetProperty("setAt").ValueKind);

        Assert.Contains("contradicts a registration", await AskAsync(B), StringComparison.Ordinal);
        var alarm = await _admin.ContradictionAsync("laptop-a");
        Assert.Contains("\nkernel ", await AskAsync(A), StringComparison.Ordinal);
        Assert.Equal("LAPTOP-A", (await MachineAsync("laptop-a")).GetProperty("identity").GetProperty("serial")
            .GetString());

        var made = (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"register","name":"laptop-b"}""")).Is(HttpStatusCode.Created);
        Assert.Equal(0, made.Json.GetProperty("macs").GetArrayLength());
        await _admin.PatchAsync("/api/v1/machines/laptop-b", """{"profile":"dock"}""");
        await _machine.BootWhollyAsync(await AskAsync(B));
        await _admin.BootWithAsync("laptop-b", "ready");
        // The dock's MAC stays the other's.
        Assert.Equal(0, (await MachineAsync("laptop-b")).GetProperty("macs").GetArrayLength());
        Assert.Contains("NetbootServer: laptop-a", await AskAsync(A), StringComparison.Ordinal);
        Assert.Contains("NetbootServer: laptop-b", await AskAsync(B), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_boot_that_fetches_the_last_byte_of_each_file_sets_no_reference()
    {
        await ProfilesAsync("tail");
        await RegisterAsync("tail", new { macs = new[] { "5254003f0001" }, profile = "tail" });
        var script = await AskAsync($"mac=52-54-00-3f-00-01&uuid={Uuid("3f01")}&serial=TAIL");
        foreach (var file in new[] { script.KernelPath(), script.InitrdPath() })
            (await _machine.SendAsync(HttpMethod.Get, file, null, ("Range", "bytes=-1")))
            .Is(HttpStatusCode.PartialContent);
        await Until.AsAsync(() => _admin.BootWithAsync("tail", "running"), boot => boot.Json.GetProperty("steps")
            .EnumerateArray().Count(step => step.TryGetProperty("durationSeconds", out _)) == 2,
            "both requests to be written");
        (await _machine.GetAsync($"{script.BootPath()}/ready")).Is(HttpStatusCode.OK);
        await _admin.BootWithAsync("tail", "ready");
        Assert.False((await MachineAsync("tail")).TryGetProperty("reference", out _));
    }

    [Fact]
    public async Task A_cloned_virtual_machine_waits_and_is_taken_over_or_registered()
    {
        await ProfilesAsync("clone");
        await RegisterAsync("vm-a", new { macs = new[] { "525400320001" }, uuid = Uuid("3201"), profile = "clone" });
        var clone = $"mac=52-54-00-32-00-02&uuid={Uuid("3201")}&serial=VM";
        var script = await AskAsync(clone);
        Assert.Contains("'vm-a' has other MACs: 52:54:00:32:00:01", script, StringComparison.Ordinal);
        var alarm = await _admin.ContradictionAsync("vm-a");
        var taken = (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"take-over"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("vm-a", Uuid("3201"), "VM"), (taken["name"], taken["uuid"], taken["serial"]));
        Assert.Equal(["52:54:00:32:00:02"], taken.Json.GetProperty("macs").EnumerateArray()
            .Select(mac => mac.GetString()));
        Assert.Contains("(profile clone)", await AskAsync(clone), StringComparison.Ordinal);
        Assert.DoesNotContain("\nkernel ", await AskAsync($"mac=52-54-00-32-00-01&uuid={Uuid("3201")}"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Firmware_that_changes_one_value_boots_with_an_alarm_and_the_reference_stays()
    {
        await ProfilesAsync("firm");
        await RegisterAsync("firm", new
        {
            macs = new[] { "525400330001", "525400330002" }, uuid = Uuid("3301"),
            serial = "FIRM", profile = "firm"
        });
        Assert.Contains("(profile firm)", await AskAsync($"mac=52-54-00-33-00-01&uuid={Uuid("3302")}&serial=firm"),
            StringComparison.Ordinal);
        var alarm = await _admin.ContradictionAsync("firm");
        // Another of its MACs does not name it when something contradicts.
        Assert.Contains("contradicts a registration",
            await AskAsync($"mac=52-54-00-33-00-09&macs=52-54-00-33-00-02&uuid={Uuid("3302")}&serial=FIRM"),
            StringComparison.Ordinal);
        Assert.Contains("(profile firm)", await AskAsync("mac=52-54-00-33-00-09&macs=52-54-00-33-00-02&serial=FIRM"),
            StringComparison.Ordinal);
        var plan = await _admin.GetAsync("/api/v1/machines/firm/plan");
        Assert.Equal("boot", plan["action"]);
        Assert.Equal(Uuid("3301"), (await MachineAsync("firm")).GetProperty("uuid").GetString());
        (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"take-over"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(Uuid("3302"), (await MachineAsync("firm")).GetProperty("uuid").GetString());
    }

    [Fact]
    public async Task The_reference_is_what_the_first_boot_reports_that_loads_all_and_can_be_forgotten()
    {
        await ProfilesAsync("refer");
        await RegisterAsync("refer", new { macs = new[] { "525400340001" }, serial = "REFER", profile = "refer" });
        var first = await AskAsync($"mac=52-54-00-34-00-01&uuid={Uuid("3401")}&serial=REFER");
        (await _machine.GetAsync($"{first.BootPath()}/ready")).Is(HttpStatusCode.OK); // has fetched nothing
        await _admin.BootWithAsync("refer", "ready");
        Assert.False((await MachineAsync("refer")).TryGetProperty("reference", out _));
        await _machine.BootWhollyAsync(await AskAsync($"mac=52-54-00-34-00-01&uuid={Uuid("3402")}&serial=REFER"));
        await _admin.MachineWhenAsync("refer", seen => seen.Json.TryGetProperty("reference", out var learned)
            && learned.GetProperty("uuid").GetString() == Uuid("3402") && !learned.TryGetProperty("serial", out _),
            "the reference");
        await _machine.BootWhollyAsync(await AskAsync($"mac=52-54-00-34-00-01&uuid={Uuid("3403")}&serial=REFER"));
        await _admin.ContradictionAsync("refer");
        Assert.Equal(Uuid("3402"), (await MachineAsync("refer")).GetProperty("reference").GetProperty("uuid")
            .GetString());

        // It is found by what it reported, and by nothing once that is forgotten.
        var byUuid = $"uuid={Uuid("3402")}";
        Assert.Contains("NetbootServer: refer", await AskAsync(byUuid), StringComparison.Ordinal);
        (await _admin.DeleteAsync("/api/v1/machines/refer/reference")).Is(HttpStatusCode.NoContent);
        Assert.False((await MachineAsync("refer")).TryGetProperty("reference", out _));
        Assert.Contains("does not know this machine", await AskAsync(byUuid), StringComparison.Ordinal);
        (await _admin.DeleteAsync("/api/v1/machines/nobody-here/reference")).Is(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("by MACs", "mac=52-54-00-35-00-01&macs=52-54-00-35-00-01,52-54-00-35-00-02",
        "mac=52-54-00-35-00-02&macs=52-54-00-35-00-01,52-54-00-35-00-02", "52-54-00-35-00-01")]
    [InlineData("by UUID and serial", "mac=52-54-00-35-00-11&uuid=4c4c4544-0042-3510-8052-b4c04f563511&serial=TWO",
        "mac=52-54-00-35-00-12&uuid=4c4c4544-0042-3510-8052-b4c04f563511&serial=two", "52-54-00-35-00-11")]
    public async Task A_machine_that_boots_from_two_interfaces_in_turns_is_one_discovered_machine(string how,
        string first, string second, string name)
    {
        Assert.NotNull(how);
        foreach (var query in new[] { first, second, first, second }) await AskAsync(query);
        var seen = await _admin.MachineWhenAsync(name, machine => machine.Status == HttpStatusCode.OK
            && machine.Json.GetProperty("macs").GetArrayLength() == 2, "both MACs on one machine");
        Assert.Equal("discovered", seen["state"]);
        (await _admin.GetAsync($"/api/v1/machines/{name[..^1]}2")).Is(HttpStatusCode.NotFound);
        Assert.DoesNotContain(name[..^1], (await _admin.GetAsync("/api/v1/alarms")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_that_turn_out_to_be_one_machine_join_and_strangers_with_a_shared_adapter_do_not()
    {
        await AskAsync($"mac=52-54-00-36-00-01&uuid={Uuid("3601")}&serial=J1");
        await AskAsync($"mac=52-54-00-36-00-02&uuid={Uuid("3602")}&serial=J2");
        await _admin.MachineWhenAsync("52-54-00-36-00-02", machine => machine.Status == HttpStatusCode.OK,
            "the second");
        // The second's adapter is plugged into the first: UUID and serial say that it is another computer.
        await AskAsync($"mac=52-54-00-36-00-03&macs=52-54-00-36-00-02&uuid={Uuid("3603")}&serial=J3");
        await _admin.MachineWhenAsync("52-54-00-36-00-03", machine => machine.Status == HttpStatusCode.OK, "the third");
        Assert.Equal(1, (await MachineAsync("52-54-00-36-00-02")).GetProperty("macs").GetArrayLength());
    }

    [Fact]
    public async Task A_machine_registered_by_serial_is_known_takes_over_its_record_and_gets_its_MAC_filled_in()
    {
        await ProfilesAsync("rack");
        var query = $"mac=52-54-00-37-00-01&uuid={Uuid("3701")}&serial=rack%20%2037";
        await AskAsync(query);
        var found = await _admin.MachineWhenAsync("52-54-00-37-00-01", machine => machine.Status == HttpStatusCode.OK,
            "the sighting");
        (await RegisterAsync("rack-37", new { serial = "RACK 37", profile = "rack" })).Is(HttpStatusCode.Created);
        (await RegisterAsync("rack-37-again", new { serial = "rack 37" }))
            .IsProblem(HttpStatusCode.Conflict, "identity-taken");

        await _machine.BootWhollyAsync(await AskAsync(query));
        var filled = await _admin.MachineWhenAsync("rack-37", machine => machine.Json.GetProperty("macs")
            .GetArrayLength() == 1, "the MAC");
        Assert.Equal("52:54:00:37:00:01", filled.Json.GetProperty("macs")[0].GetString());
        Assert.Equal(("\"2\"", found["firstSeenAt"]), (filled.ETag, filled["firstSeenAt"]));
        Assert.Equal(Uuid("3701"), filled.Json.GetProperty("reference").GetProperty("uuid").GetString());
        (await _admin.GetAsync("/api/v1/machines/52-54-00-37-00-01")).Is(HttpStatusCode.NotFound);
        Assert.Contains("NetbootServer: rack-37", await AskAsync("mac=52-54-00-37-00-01"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""", "$.macs")]
    [InlineData("""{"macs":[]}""", "$.macs")]
    [InlineData("""{"macs":[],"serial":"Default string"}""", "$.macs")]
    [InlineData("""{"uuid":"00010203-0405-0607-0809-0a0b0c0d0e0f"}""", "$.uuid")]
    public async Task A_machine_needs_something_to_be_known_by(string body, string path) =>
        (await _admin.PutAsync("/api/v1/machines/nothing", body)).IsInvalidAt(path);

    [Fact]
    public async Task Machines_are_imported_by_serial_or_UUID_alone()
    {
        var csv = $"name,serial,uuid\nimport-1,IMPORT-1,\nimport-2,,{Uuid("3801")}\n";
        (await _admin.ImportAsync(csv)).Is(HttpStatusCode.OK);
        Assert.Contains("machine import-1", await AskAsync("mac=52-54-00-38-00-01&serial=import-1"),
            StringComparison.Ordinal);
        Assert.Contains("machine import-2",
            await AskAsync($"mac=52-54-00-38-00-02&uuid=44454c4c-4200-1035-8052-b4c04f563801"),
            StringComparison.Ordinal);
        var again = (await _admin.ImportAsync(csv)).Is(HttpStatusCode.OK);
        Assert.Equal(2, again.Json.GetProperty("unchanged").GetInt32());
        var twins = (await _admin.ImportAsync("name,serial\ntwin-1,TWIN\ntwin-2,twin\n"))
            .Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("same uuid or serial", twins.Text, StringComparison.Ordinal);
        var taken = (await _admin.ImportAsync("name,serial\ntwin-3,Import-1\n")).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("import-1", taken.Text, StringComparison.Ordinal);
        var export = await _admin.GetAsync("/api/v1/machines/export?format=csv&q=import-");
        Assert.Equal(2, (await _admin.ImportAsync(export.Text)).Is(HttpStatusCode.OK).Json.GetProperty("unchanged")
            .GetInt32());
    }

    [Fact]
    public async Task The_plan_says_whom_a_machine_would_be_taken_for()
    {
        await ProfilesAsync("plan");
        await RegisterAsync("planned",
            new { macs = new[] { "525400390001" }, uuid = Uuid("3901"), serial = "PLAN", profile = "plan" });
        Assert.Equal("boot", (await _admin.GetAsync("/api/v1/machines/planned/plan"))["action"]);
        var differs = await _admin.GetAsync($"/api/v1/machines/planned/plan?uuid={Uuid("3902")}");
        Assert.Equal("boot", differs["action"]);
        Assert.Contains("identity-differs", differs.Text, StringComparison.Ordinal);
        var contradicts = await _admin.GetAsync($"/api/v1/machines/planned/plan?uuid={Uuid("3902")}&serial=OTHER");
        Assert.Equal("wait", contradicts["action"]);
        Assert.Contains("identity-contradicts", contradicts.Text, StringComparison.Ordinal);
        Assert.Contains("contradicts a registration", contradicts["script"], StringComparison.Ordinal);
        Assert.Contains("has other MACs", (await _admin.GetAsync("/api/v1/machines/planned/plan?mac=52-54-00-39-00-77"))
            .Text, StringComparison.Ordinal);
        await RegisterAsync("neighbour", new { macs = new[] { "525400390002" } });
        var other = await _admin.GetAsync("/api/v1/machines/planned/plan?mac=52-54-00-39-00-02");
        Assert.Contains("other-machine", other.Text, StringComparison.Ordinal);
        Assert.Contains("taken for 'neighbour'", other.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("planned", (await _admin.GetAsync("/api/v1/alarms")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_UUID_that_two_machines_report_raises_an_alarm_and_changes_nothing_for_the_registered_one()
    {
        await ProfilesAsync("twins");
        await RegisterAsync("twin-1", new { macs = new[] { "525400400001" }, uuid = Uuid("4001"), profile = "twins" });
        await RegisterAsync("twin-2", new { macs = new[] { "525400400002" }, profile = "twins" });
        await _machine.BootWhollyAsync(await AskAsync($"mac=52-54-00-40-00-02&uuid={Uuid("4001")}&serial=T2"));
        await _admin.BootWithAsync("twin-2", "ready");
        await _admin.AlarmAsync(alarm => alarm.GetProperty("subject").GetString() == Uuid("4001"));
        Assert.False((await MachineAsync("twin-2")).TryGetProperty("reference", out _));
        Assert.Contains("NetbootServer: twin-1", await AskAsync($"uuid={Uuid("4001")}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acknowledging_decides_nothing_and_other_alarms_have_nothing_to_decide()
    {
        await RegisterAsync("acked", new { macs = new[] { "525400410001" }, uuid = Uuid("4101") });
        var clone = $"mac=52-54-00-41-00-02&uuid={Uuid("4101")}";
        await AskAsync(clone);
        var alarm = await _admin.ContradictionAsync("acked");
        var path = $"/api/v1/alarms/{alarm}/resolutions";
        (await _admin.PostAsync(path, """{"action":"shrug"}""")).IsInvalidAt("$.action");
        (await _admin.PostAsync(path, """{"action":"register"}""")).IsInvalidAt("$.name");
        (await _admin.PostAsync(path, """{"action":"register","name":"acked"}""")).IsProblem(HttpStatusCode.Conflict, "name-taken");
        (await _admin.DeleteAsync($"/api/v1/alarms/{alarm}")).Is(HttpStatusCode.NoContent);
        Assert.Contains("contradicts a registration", await AskAsync(clone), StringComparison.Ordinal);
        alarm = await _admin.ContradictionAsync("acked");
        (await _admin.DeleteAsync("/api/v1/machines/acked")).Is(HttpStatusCode.NoContent);
        (await _admin.PostAsync($"/api/v1/alarms/{alarm}/resolutions", """{"action":"take-over"}""")).IsProblem(HttpStatusCode.Conflict, "nothing-to-resolve");
        Assert.Contains("does not know this machine", await AskAsync(clone), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alarm_stands_for_what_was_read_and_a_decision_never_applies_to_other_values()
    {
        await ProfilesAsync("swap");
        await RegisterAsync("swap", new
        {
            macs = new[] { "525400450001" }, uuid = Uuid("4501"), serial = "SWAP",
            profile = "swap"
        });
        await AskAsync($"mac=52-54-00-45-00-01&uuid={Uuid("4502")}&serial=SWAP");
        var read = await _admin.ContradictionAsync("swap");
        await AskAsync($"mac=52-54-00-45-00-01&uuid={Uuid("4503")}&serial=SWAP");
        var other = await _admin.AlarmAsync(alarm => alarm.TryGetProperty("data", out var data)
            && data.TryGetProperty("uuid", out var uuid) && uuid.GetString() == Uuid("4503"));
        (await _admin.PostAsync($"/api/v1/alarms/{read}/resolutions", """{"action":"take-over"}""")).IsProblem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal(Uuid("4501"), (await MachineAsync("swap")).GetProperty("uuid").GetString());
        (await _admin.PostAsync($"/api/v1/alarms/{other.GetProperty("id").GetInt64()}/resolutions", """{"action":"take-over"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(Uuid("4503"), (await MachineAsync("swap")).GetProperty("uuid").GetString());
    }

    [Fact]
    public async Task A_flood_of_made_up_machines_has_an_alarm_of_its_own_and_leaves_the_others_their_data()
    {
        await ProfilesAsync("flood");
        await RegisterAsync("flood", new
        {
            macs = new[] { "525400460001" }, uuid = Uuid("4601"), serial = "FLOOD",
            profile = "flood"
        });
        await AskAsync($"mac=52-54-00-46-00-01&uuid={Uuid("4602")}&serial=FLOOD");
        var read = await _admin.ContradictionAsync("flood");
        for (var i = 0; i <= ContradictionLimit.Most; i++)
            await AskAsync($"mac=52-54-00-46-01-{i:x2}&uuid={Uuid("4601")}");
        await _admin.AlarmAsync(alarm =>
            (alarm.GetProperty("kind").GetString(), alarm.GetProperty("subject").GetString())
            == ("many-contradictions", "flood"));
        (await _admin.PostAsync($"/api/v1/alarms/{read}/resolutions", """{"action":"take-over"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(Uuid("4602"), (await MachineAsync("flood")).GetProperty("uuid").GetString());
    }

    [Fact]
    public async Task Unknown_MACs_UUIDs_and_serials_are_remembered_as_unknown_until_they_are_registered()
    {
        var query = $"mac=52-54-00-42-00-01&macs=52-54-00-42-00-02&uuid={Uuid("4201")}&serial=CACHED";
        for (var i = 0; i < 2; i++)
            Assert.Contains("does not know this machine", await AskAsync(query), StringComparison.Ordinal);
        await _admin.MachineWhenAsync("52-54-00-42-00-01", machine => machine.Status == HttpStatusCode.OK,
            "the sighting");
        await AskAsync(query);
        await RegisterAsync("cached-serial", new { serial = "cached" });
        Assert.Contains("machine cached-serial", await AskAsync(query), StringComparison.Ordinal);
        await _admin.DeleteAsync("/api/v1/machines/cached-serial");
        Assert.Contains("does not know this machine", await AskAsync(query), StringComparison.Ordinal);
        await RegisterAsync("cached-uuid", new { uuid = Uuid("4201") });
        Assert.Contains("machine cached-uuid", await AskAsync(query), StringComparison.Ordinal);
        await RegisterAsync("cached-mac", new { macs = new[] { "525400420001" } });
        Assert.Contains("machine cached-mac", await AskAsync(query), StringComparison.Ordinal);
    }
}

/// <summary>Where contradictions only warn.</summary>
public sealed class IdentityWarningTests
{
    [Fact]
    public async Task A_contradicting_machine_boots_as_the_machine_it_names_and_leaves_no_trace_on_it()
    {
        await using var app = new NetbootApp(new() { ["Machines:OnContradiction"] = "warn" });
        var (admin, machine) = (app.Admin, app.Machine);
        await admin.MakeImageAsync("warn", seed: 71);
        await admin.PutAsync("/api/v1/profiles/install", """{"image":"warn","after":"local","expects":"ready"}""");
        await admin.PutAsync("/api/v1/profiles/wipe", """{"image":"warn"}""");
        await admin.PutAsync("/api/v1/machines/real", """
            {"macs":["525400430001"],"uuid":"4c4c4544-0042-3510-8052-b4c04f564301","serial":"REAL","profile":"install"}
            """);
        await admin.PutAsync("/api/v1/machines/real/next-boot", """{"profile":"wipe"}""");
        var before = (await admin.GetAsync("/api/v1/machines/real")).Text;

        const string Stranger = "mac=52-54-00-43-00-01&uuid=4c4c4544-0042-3510-8052-b4c04f564302&serial=OTHER";
        var script = await machine.AskAsync(Stranger);
        Assert.Contains("(profile install)", script, StringComparison.Ordinal);
        await machine.BootWhollyAsync(script);
        await admin.ContradictionAsync("real");
        var boots = await Until.AsAsync(() => admin.GetAsync("/api/v1/boots"), list => list.Items("outcome")
            .Contains("ready"), "its boot");
        Assert.Equal(before, (await admin.GetAsync("/api/v1/machines/real")).Text);
        Assert.Empty((await admin.GetAsync("/api/v1/machines/real/boots")).Items("id"));
        Assert.Single(boots.Items("id"));

        // A shared adapter alone makes nobody of it.
        Assert.Contains("does not know this machine",
            await machine.AskAsync("mac=52-54-00-43-00-09&macs=52-54-00-43-00-01&serial=THIRD"),
            StringComparison.Ordinal);
        Assert.Contains("(profile wipe)", await machine.AskAsync("mac=52-54-00-43-00-01&serial=REAL"),
            StringComparison.Ordinal);
    }
}

/// <summary>A data directory from before machines had references.</summary>
public sealed class ReferenceUpgradeTests
{
    [Fact]
    public async Task A_machine_is_compared_with_what_it_reported_at_its_last_successful_boot()
    {
        await using var app = new NetbootApp();
        var (admin, machine, ct) = (app.Admin, app.Machine, TestContext.Current.CancellationToken);
        await admin.MakeImageAsync("old", seed: 72);
        await admin.PutAsync("/api/v1/profiles/old", """{"image":"old"}""");
        await admin.PutAsync("/api/v1/machines/old", """{"macs":["525400440001"],"profile":"old"}""");
        await admin.PutAsync("/api/v1/machines/fresh", """{"macs":["525400440002"],"serial":"FRESH"}""");
        await machine.BootWhollyAsync(
            await machine.AskAsync("mac=52-54-00-44-00-01&uuid=4c4c4544-0042-3510-8052-b4c04f564401&serial=OLD"));
        await admin.BootWithAsync("old", "ready");
        await machine.AskAsync("mac=52-54-00-44-00-01&uuid=4c4c4544-0042-3510-8052-b4c04f564402&serial=OLD");
        await admin.MachineWhenAsync("old", old => old.Json.TryGetProperty("identityChanges", out _),
            "another UUID to be seen");
        await machine.AskAsync("mac=52-54-00-44-00-03&uuid=4c4c4544-0042-3510-8052-b4c04f564403&serial=SEEN");
        await admin.MachineWhenAsync("52-54-00-44-00-03", seen => seen.Status == HttpStatusCode.OK,
            "the discovered one");

        var database = app.Services.GetRequiredService<Database>();
        await database.WriteAsync(async (db, token) =>
        {
            await db.Set<ServerValueRow>().Where(row => row.Name == "machine-references").ExecuteDeleteAsync(token);
            return await db.Set<MachineRow>()
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Reference, (string?)null)
                .SetProperty(row => row.UuidKey, (string?)null).SetProperty(row => row.SerialKey, (string?)null),
                token);
        }, ct);
        for (var i = 0; i < 2; i++) await ReferenceUpgrade.RunAsync(database, ct);

        var reference = (await admin.GetAsync("/api/v1/machines/old")).Json.GetProperty("reference");
        Assert.Equal(("4c4c4544-0042-3510-8052-b4c04f564401", "OLD"),
            (reference.GetProperty("uuid").GetString(), reference.GetProperty("serial").GetString()));
        Assert.False((await admin.GetAsync("/api/v1/machines/fresh")).Json.TryGetProperty("reference", out _));
        var keys = await database.ReadAsync((db, token) => db.Set<MachineRow>().OrderBy(row => row.Name)
            .Select(row => row.SerialKey).ToListAsync(token), ct);
        Assert.Equal(["SEEN", "FRESH", "OLD"], keys);
    }
}

/// <summary>Short ways for tests of identities.</summary>
internal static class IdentityScenery
{
    public static async Task<string> AskAsync(this Caller machine, string query) =>
        (await machine.GetAsync($"/boot/script?{query}&arch=x86_64&platform=efi")).Is(HttpStatusCode.OK).Text;

    /// <summary>Fetches all that a script loads, and reports ready.</summary>
    public static async Task BootWhollyAsync(this Caller machine, string script)
    {
        foreach (var line in script.Split('\n').Where(line => line.StartsWith("kernel ", StringComparison.Ordinal)
            || line.StartsWith("initrd ", StringComparison.Ordinal)))
            await machine.Client.GetByteArrayAsync(
                new Uri(line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal))),
                TestContext.Current.CancellationToken);
        (await machine.GetAsync($"{script.BootPath()}/ready")).Is(HttpStatusCode.OK);
    }

    /// <summary>Id of the open alarm of a contradiction with this machine's registration.</summary>
    public static async Task<long> ContradictionAsync(this Caller admin, string machine) =>
        (await admin.AlarmAsync(alarm =>
        alarm.GetProperty("kind").GetString() == "identity-contradiction" && alarm.TryGetProperty("data", out var data)
        && data.GetProperty("machine").GetString() == machine)).GetProperty("id").GetInt64();

    public static async Task<JsonElement> AlarmAsync(this Caller admin, Func<JsonElement, bool> good)
    {
        var alarms = await Until.AsAsync(() => admin.GetAsync("/api/v1/alarms"),
            list => list.Json.GetProperty("items").EnumerateArray().Any(good), "the alarm");
        return alarms.Json.GetProperty("items").EnumerateArray().First(good);
    }
}
