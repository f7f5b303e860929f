using System.Net;
using NetbootServer.Tests.Events;
using NetbootServer.Tests.Fixtures;

namespace NetbootServer.Tests.Machines;

/// <summary>Machines, profiles and images get other names, and all that refers to them follows.</summary>
public sealed class RenameTests(NetbootApp app) : IClassFixture<NetbootApp>
{
    private readonly Caller _admin = app.Admin;

    [Fact]
    public async Task A_machine_is_renamed_with_its_boots_next_boot_and_audit_and_boots_right_on()
    {
        await RegisterAsync("ren-a", "525400110001");
        var path = (await app.Machine.ScriptAsync("525400110001")).BootPath();
        (await app.Machine.GetAsync($"{path}/ready")).Is(HttpStatusCode.OK);
        var boot = (await _admin.BootWithAsync("ren-a", "ready"))["id"];
        (await _admin.PutAsync("/api/v1/machines/ren-a/next-boot", """{"action":"local"}""")).Is(HttpStatusCode.OK);
        await app.Machine.HeadAsync("/boot/script?mac=525400110001&arch=x86_64"); // it is in the cache
        await using var live = await LiveEvents.OpenAsync(app, "?types=machine.changed");

        var renamed = (await _admin.PatchAsync("/api/v1/machines/ren-a", """{"name":"ren-b"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("ren-b", "\"2\""), (renamed["name"], renamed.ETag));
        Assert.Equal("local", renamed.Json.GetProperty("nextBoot").GetProperty("action").GetString());
        (await _admin.GetAsync("/api/v1/machines/ren-a")).IsProblem(HttpStatusCode.NotFound, "not-found");
        (await _admin.PatchAsync("/api/v1/machines/ren-a", """{"name":"ren-c"}""")).IsProblem(HttpStatusCode.NotFound, "not-found");
        Assert.Equal("ren-b", (await _admin.GetAsync($"/api/v1/boots/{boot}"))["machine"]);
        Assert.Equal([boot!], (await _admin.GetAsync("/api/v1/machines/ren-b/boots")).Items("id"));
        Assert.Equal(["ren-b"], (await _admin.GetAsync("/api/v1/machines?q=ren-b")).Items());
        Assert.DoesNotContain("ren-a", (await _admin.GetAsync("/api/v1/machines?q=ren-a")).Items());
        Assert.Equal(["rename", "create"], (await _admin.GetAsync("/api/v1/audit?kind=machine&name=ren-b"))
            .Items("verb"));
        Assert.Contains("\"ren-a\"", (await _admin.GetAsync("/api/v1/audit?verb=rename&name=ren-b")).Text,
            StringComparison.Ordinal);
        Assert.Single((await _admin.GetAsync("/api/v1/audit?kind=next-boot&name=ren-b")).Items("verb"));
        await live.FindAsync("machine.changed", """{"name":"ren-a","deleted":true}""");

        // its disk starts without another question
        const string OnBios = "/boot/script?mac=525400110001&arch=i386&platform=pcbios";
        Assert.Contains("ren-b boots its local disk", (await app.Machine.GetAsync(OnBios)).Text,
            StringComparison.Ordinal);
        Assert.Contains("NetbootServer: ren-b:", (await app.Machine.GetAsync(OnBios)).Text, StringComparison.Ordinal);
        Assert.Equal(2, (await _admin.BootWithAsync("ren-b", "running")).Json.GetProperty("steps").GetArrayLength() +
            1);
    }

    [Fact]
    public async Task A_new_name_must_be_free_and_good_and_minds_If_Match()
    {
        await RegisterAsync("taken-a", "525400110011");
        await RegisterAsync("taken-b", "525400110012");
        foreach (var kind in new[] { "machines", "profiles", "images" })
        {
            var path = $"/api/v1/{kind}/taken-a";
            (await _admin.PatchAsync(path, """{"name":"taken-b"}""")).IsProblem(HttpStatusCode.Conflict, "name-taken");
            (await _admin.PatchAsync(path, """{"name":"Taken C"}""")).IsInvalidAt("$.name");
            (await _admin.PatchAsync(path, """{"name":null}""")).IsInvalidAt("$.name");
            (await _admin.PatchAsync(path, """{"name":["taken-c"]}""")).IsInvalidAt("$.name");
            (await _admin.PatchAsync(path, """{"name":"taken-c"}""", ("If-Match", "\"77\"")))
                .IsProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
            var before = await _admin.GetAsync(path);
            var same = (await _admin.PatchAsync(path, """{"name":"taken-a"}""", ("If-Match", before.ETag!))).Is(HttpStatusCode.OK);
            Assert.Equal(before.ETag, same.ETag);
            var renamed = (await _admin.PatchAsync(path, """{"name":"taken-c"}""", ("If-Match", before.ETag!))).Is(HttpStatusCode.OK);
            Assert.Equal("taken-c", renamed["name"]);
            (await _admin.GetAsync(path)).IsProblem(HttpStatusCode.NotFound, "not-found");
        }
        (await _admin.PatchAsync("/api/v1/profiles/taken-c", """{"name":"menu"}""")).IsInvalidAt("$.name");
    }

    [Fact]
    public async Task A_renamed_profile_leaves_machines_menus_next_boots_and_completions_with_it()
    {
        await _admin.MakeImageAsync("old-i", seed: 21);
        (await _admin.PutAsync("/api/v1/profiles/old-p", """
            {"image":"old-i","after":"local","selector":{"profile":"old-p"},
             "menu":{"entries":[{"profile":"old-p"},{"action":"local"}],"default":"old-p"}}
            """)).Is(HttpStatusCode.Created);
        (await _admin.PatchAsync("/api/v1/profiles/old-p", """{"menu":null}""")).Is(HttpStatusCode.OK);
        (await _admin.PutAsync("/api/v1/profiles/menu-p", """
            {"image":"old-i","menu":{"entries":[{"profile":"menu-p"},{"profile":"old-p"}],"default":"old-p"}}
            """)).Is(HttpStatusCode.Created);
        (await _admin.PutAsync("/api/v1/machines/by-old", """
            {"macs":["525400110021"],"profile":"old-p","labels":{"profile":"old-p"}}
            """)).Is(HttpStatusCode.Created);
        var path = (await app.Machine.ScriptAsync("525400110021")).BootPath();
        (await app.Machine.GetAsync($"{path}/ready")).Is(HttpStatusCode.OK);
        await _admin.MachineWhenAsync("by-old", machine => machine["completion"] is not null, "the completion");
        (await _admin.PutAsync("/api/v1/machines/next-old", """{"macs":["525400110022"]}""")).Is(HttpStatusCode.Created);
        (await _admin.PutAsync("/api/v1/machines/next-old/next-boot", """{"profile":"old-p"}""")).Is(HttpStatusCode.OK);
        Assert.Contains("local disk", await app.Machine.ScriptAsync("525400110021"), StringComparison.Ordinal);

        (await _admin.PatchAsync("/api/v1/profiles/old-p", """{"name":"new-p"}""")).Is(HttpStatusCode.OK);
        var machine = await _admin.GetAsync("/api/v1/machines/by-old");
        Assert.Equal("new-p", machine["profile"]);
        Assert.Equal("new-p", machine.Json.GetProperty("completion").GetProperty("profile").GetString());
        Assert.Equal("old-p", machine.Json.GetProperty("labels").GetProperty("profile").GetString());
        Assert.Contains("new-p", (await _admin.GetAsync("/api/v1/machines/next-old"))["nextBoot"]!,
            StringComparison.Ordinal);
        var menu = (await _admin.GetAsync("/api/v1/profiles/menu-p")).Json.GetProperty("menu");
        Assert.Equal("""[{"profile":"menu-p"},{"profile":"new-p"}]""", menu.GetProperty("entries").GetRawText());
        Assert.Equal("new-p", menu.GetProperty("default").GetString());
        Assert.Contains("local disk", await app.Machine.ScriptAsync("525400110021"), StringComparison.Ordinal);
        Assert.Contains("kernel --name kernel", await app.Machine.ScriptAsync("525400110022"),
            StringComparison.Ordinal);
        (await _admin.DeleteAsync("/api/v1/profiles/new-p")).IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Contains("new-p", (await _admin.GetAsync("/api/v1/machines?profile=new-p")).Text,
            StringComparison.Ordinal);

        (await _admin.PatchAsync("/api/v1/images/old-i", """{"name":"new-i"}""")).Is(HttpStatusCode.OK);
        Assert.Equal("new-i", (await _admin.GetAsync("/api/v1/profiles/new-p"))["image"]);
        Assert.Equal("new-i", (await _admin.GetAsync("/api/v1/profiles/menu-p"))["image"]);
        Assert.Equal("new-i", (await _admin.GetAsync("/api/v1/machines/by-old")).Json.GetProperty("lastBoot")
            .GetProperty("image").GetString());
        Assert.All((await _admin.GetAsync("/api/v1/machines/by-old/boots")).Items("image"), image =>
            Assert.Equal("new-i", image));
        Assert.Contains("kernel --name kernel", await app.Machine.ScriptAsync("525400110022"),
            StringComparison.Ordinal);
        (await app.Machine.GetAsync("/images/old-i/bzImage-x86_64-linux")).Is(HttpStatusCode.NotFound);
        (await app.Machine.GetAsync("/images/new-i/bzImage-x86_64-linux")).Is(HttpStatusCode.OK);
        Assert.Contains("version", (await _admin.GetAsync("/api/v1/audit?kind=version&verb=create")).Items("name")
            .Where(name => name.StartsWith("new-i@", StringComparison.Ordinal)).Select(_ => "version"));
    }

    [Fact]
    public async Task A_profile_that_a_setting_names_keeps_its_name()
    {
        await using var own = new NetbootApp(new() { ["Machines:Unknown"] = "anyone" });
        await own.Admin.MakeImageAsync("anyone", seed: 31);
        (await own.Admin.PutAsync("/api/v1/profiles/anyone", """{"image":"anyone"}""")).Is(HttpStatusCode.Created);
        var refused = (await own.Admin.PatchAsync("/api/v1/profiles/anyone", """{"name":"other"}"""))
            .IsProblem(HttpStatusCode.Conflict, "in-use");
        Assert.Contains("Machines:Unknown", refused["detail"], StringComparison.Ordinal);
        Assert.Contains("kernel --name kernel", await own.Machine.ScriptAsync("525400110031"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_discovered_machine_is_approved_under_a_new_name_with_its_history()
    {
        await app.Machine.ScriptAsync("525400110041");
        await _admin.MachineWhenAsync("52-54-00-11-00-41", machine => machine.Status == HttpStatusCode.OK,
            "the discovery");
        var approved = (await _admin.PatchAsync("/api/v1/machines/52-54-00-11-00-41", """{"name":"approved"}""")).Is(HttpStatusCode.OK);
        Assert.Equal(("approved", "registered"), (approved["name"], approved["state"]));
        (await _admin.GetAsync("/api/v1/machines/52-54-00-11-00-41")).Is(HttpStatusCode.NotFound);
    }

    private async Task RegisterAsync(string name, string mac)
    {
        await _admin.MakeImageAsync(name, seed: name.Sum(letter => letter));
        (await _admin.PutAsync($"/api/v1/profiles/{name}", new { image = name })).Is(HttpStatusCode.Created);
        (await _admin.PutAsync($"/api/v1/machines/{name}", new { macs = new[] { mac }, profile = name }))
            .Is(HttpStatusCode.Created);
    }
}
